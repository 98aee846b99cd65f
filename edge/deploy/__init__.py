"""From the workstation to a service on a board that looks after itself: python -m edge.deploy.

Start reading at `plan.py`: facts of a board and what is wanted of it give the steps that are still missing. Nothing
here runs on the board but `guard`, a shell script, and nothing else in edge/ imports this room.
"""
