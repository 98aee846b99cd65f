"""An emulated Raspberry Pi, and what users do with one: python -m tests.pi (make test-pi).

Not a Pi: Debian 13 for arm64 in QEMU, with systemd, sshd, 1 GB of memory, a camera at /dev/video0 and no internet.
It has no firmware, GPIO or ribbon camera, and its speed says nothing about a Pi's.
"""
