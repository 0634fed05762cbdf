"""A process with a great many locks, one of them shared, on a file.

usage: lock-crowd.py FILE LOCKS
The others are on ranges of files that have no name. Answers each line on stdin with a line, and ends
when stdin ends.
"""

import fcntl
import os
import struct
import sys
import tempfile

path, locks = sys.argv[1], int(sys.argv[2])
F_OFD_SETLK = 37
# On one file each lock would be compared with all others of it.
RANGES = 100


def take(fd, kind, start, length):
    fcntl.fcntl(fd, F_OFD_SETLK, struct.pack("hhqqi", kind, os.SEEK_SET, start, length, 0))


files = []
for index in range(locks - 1):
    if index % RANGES == 0:
        files.append(tempfile.TemporaryFile(dir=os.path.dirname(path)))
    # Ranges that touch would become one.
    take(files[-1].fileno(), fcntl.F_WRLCK, index % RANGES * 2, 1)
file = os.open(path, os.O_RDWR)
take(file, fcntl.F_RDLCK, 0, 0)
for _ in sys.stdin:
    print("yes", flush=True)
