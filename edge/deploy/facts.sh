# What a board is, and what is on it: lines `name value`, read by facts.py. Changes nothing, needs no other user.
root=$1 user=$2
say() { printf '%s %s\n' "$1" "$2"; }
say machine "$(uname -m)"
say bits "$(getconf LONG_BIT)"
say system "$(. /etc/os-release && echo "$PRETTY_NAME")"
[ ! -r /proc/device-tree/model ] || say board "$(tr -d '\0' </proc/device-tree/model)"
say glibc "$(getconf GNU_LIBC_VERSION 2>/dev/null)"
say python "$(python3 -c 'import sys, venv; print("%d %d" % sys.version_info[:2])' 2>/dev/null)"
say systemd "$(systemctl --version 2>/dev/null | head -n 1)"
[ -d /run/systemd/system ] || [ -n "$root" ] || say missing systemd
for tool in ssh-keygen sha256sum flock; do command -v $tool >/dev/null || say missing $tool; done
say uid "$(id -u)"
if [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; then say sudo free; elif command -v sudo >/dev/null; then say sudo password; else say sudo none; fi
say free_kb "$(df -Pk "${root:-/}" | awk 'NR == 2 { print $4 }')"
say memory_kb "$(awk '$1 == "MemTotal:" { print $2 }' /proc/meminfo)"
say clock_s "$(date +%s)"
for node in /dev/video*; do # of several nodes of one camera the first gives pictures
    about=/sys/class/video4linux/${node#/dev/}
    [ ! -c "$node" ] || [ "$(cat "$about/index" 2>/dev/null)" != 0 ] || say camera "${node#/dev/video} $(cat "$about/name")"
done
if command -v rpicam-vid >/dev/null; then say ribbon_program rpicam-vid; elif command -v libcamera-vid >/dev/null; then say ribbon_program libcamera-vid; fi
if grep -qsE '^(unicam|rp1-cfe)' /sys/class/video4linux/*/name; then
    for tool in rpicam-hello libcamera-hello; do
        ! command -v $tool >/dev/null || timeout 20 $tool --list-cameras 2>/dev/null | sed -n 's/^\([0-9][0-9]*\) : \([^ ]*\).*/ribbon \1 \2/p'
    done
fi
say temperature "$(cat /sys/class/thermal/thermal_zone0/temp 2>/dev/null)"
say throttled "$(cat /sys/devices/platform/soc/soc:firmware/get_throttled 2>/dev/null)"
id "$user" >/dev/null 2>&1 && say user "$user"
for shelf in opt/catdog/releases var/lib/catdog/models; do
    for item in "$root/$shelf"/[0-9]*/; do
        [ ! -d "$item" ] || { [ -e "$item/complete" ] && say "$shelf:item" "$(basename "$item") complete" || say "$shelf:item" "$(basename "$item") torn"; }
    done
    for link in current previous; do say "$shelf:$link" "$(readlink "$root/$shelf/$link")"; done
done
say signed "$(head -n 1 "$root/var/lib/catdog/models/current/MANIFEST" 2>/dev/null)"
for wheel in "$root"/opt/catdog/wheels/*.whl; do [ ! -e "$wheel" ] || say wheel "$(stat -c '%s %n' "$wheel")"; done
[ ! -r "$root/etc/catdog/signers" ] || while read -r line; do say signer "$line"; done <"$root/etc/catdog/signers"
[ ! -e "$root/etc/catdog/catdog.conf" ] || say settings there
[ ! -e "$root/etc/systemd/system/multi-user.target.wants/catdog.service" ] || say unit there
systemctl show catdog -p ActiveState,SubState,NRestarts,StatusText,MemoryCurrent,ActiveEnterTimestamp 2>/dev/null | while IFS='=' read -r name value; do say "service:$name" "$value"; done
true
