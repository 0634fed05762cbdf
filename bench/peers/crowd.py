"""Many processes with many open files, of which the last one holds a shared lock on a file.

usage: crowd.py FILE PROCESSES DESCRIPTORS
Each of them has that many descriptors beside its standard streams. Answers each line on stdin with a
line when all are there, and ends them when stdin ends.
"""

import ctypes
import fcntl
import os
import signal
import struct
import sys

path, processes, descriptors = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
F_OFD_SETLK = 37
PR_SET_PDEATHSIG = 1
prctl = ctypes.CDLL(None).prctl
for _ in range(descriptors):
    os.open(os.devnull, os.O_RDONLY)
pids = []
for index in range(processes):
    pid = os.fork()
    if pid == 0:
        if index == processes - 1:
            lock = struct.pack("hhqqi", fcntl.F_RDLCK, os.SEEK_SET, 0, 0, 0)
            fcntl.fcntl(os.open(path, os.O_RDWR), F_OFD_SETLK, lock)
        # It ends with the first one, also when that is killed.
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        signal.pause()
    pids.append(pid)
for _ in sys.stdin:
    print("yes", flush=True)
for pid in pids:
    os.kill(pid, signal.SIGKILL)
