import { constants } from 'node:fs';
import { constants as os } from 'node:os';
import { fileCalls, type Name } from '../src/linux/file-calls.ts';
import { O_CLOEXEC } from '../src/linux/open-flags.ts';
import { copyAttributes } from './attributes.ts';
import { CallFailed, check, Stopped } from './call-failed.ts';
import { STOP } from './tree-task.ts';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;
const { EXDEV, EINVAL, ENOSYS, EOPNOTSUPP, EPERM } = os.errno;
/** `FICLONE` of ioctl_ficlone(2): the two files share their blocks until one is written to. */
const FICLONE = 0x40049409;
/** How much is copied before the next look at whether to stop, in bytes. */
const CHUNK = 8 * 2 ** 20;
/** What goes through our own memory where the kernel cannot copy by itself. */
const BUFFER = 2 ** 18;

/** Copies a regular file with its attributes: by reflink if the filesystem can, else its bytes. */
export function copyFile(words: Int32Array, from: number, to: number, name: Name): void {
  const calls = fileCalls();
  // O_NONBLOCK: what was a file when it was listed may be a FIFO by now.
  const flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_RDONLY;
  const source = check(calls.openat(from, name, flags, 0), 'open');
  try {
    const target = check(
      calls.openat(to, name, O_CLOEXEC | O_CREAT | O_EXCL | O_WRONLY, 0o600),
      'open',
    );
    try {
      if (calls.ioctl(target, FICLONE, source) === -1) copyBytes(words, source, target);
      copyAttributes(source, target);
    } finally {
      calls.close(target);
    }
  } finally {
    calls.close(source);
  }
}

function copyBytes(words: Int32Array, source: number, target: number): void {
  const calls = fileCalls();
  for (let copied = 0;;) {
    if (Atomics.load(words, STOP) !== 0) throw new Stopped();
    const size = calls.copyFileRange(source, target, CHUNK);
    if (size === 0 && copied > 0) return;
    // Files of /proc and of some FUSE filesystems seem empty to it.
    if (size === 0) return throughMemory(words, source, target);
    if (size === -1) {
      const errno = calls.errno();
      const cannot = [EXDEV, EINVAL, ENOSYS, EOPNOTSUPP, EPERM].includes(errno);
      if (!cannot || copied > 0) throw new CallFailed('copy_file_range', errno);
      return throughMemory(words, source, target);
    }
    copied += size;
  }
}

function throughMemory(words: Int32Array, source: number, target: number): void {
  const calls = fileCalls();
  const bytes = new Uint8Array(BUFFER);
  for (;;) {
    if (Atomics.load(words, STOP) !== 0) throw new Stopped();
    const size = check(calls.read(source, bytes, BUFFER), 'read');
    if (size === 0) return;
    for (let written = 0; written < size;) {
      written += check(
        calls.write(target, bytes.subarray(written, size), size - written),
        'write',
      );
    }
  }
}
