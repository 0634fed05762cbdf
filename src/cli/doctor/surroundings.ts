/** What a program that locks files needs beside the files. */

import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { EACCES, EAGAIN, EINVAL, errnoName } from '../../linux/errno.ts';
import { loadLibc } from '../../linux/load-libc.ts';
import { AT_FDCWD, closeFd, openLockFile } from '../../linux/open.ts';
import { trySetLock } from '../../linux/record-lock.ts';
import { failure, type Finding, ok, warning } from './finding.ts';

/** The first versions for which reflock is made. */
const RUNTIMES = [['bun', 'Bun', 1, 2], ['deno', 'Deno', 2, 0], ['node', 'Node', 20, 0]] as const;

/** Whether the JavaScript runtime is new enough, by `process.versions`. */
export function judgeRuntime(versions: Readonly<Record<string, string | undefined>>): Finding {
  // The others say which version of Node they stand for, so Node comes last.
  const [key, name, major, minor] = RUNTIMES.find(([key]) => versions[key] !== undefined)!;
  const [ownMajor, ownMinor] = versions[key]!.split('.').map(Number) as [number, number];
  const shown = `${name} ${versions[key]}`;
  if (ownMajor > major || (ownMajor === major && ownMinor >= minor)) return ok(shown);
  const least = minor === 0 ? major : `${major}.${minor}`;
  return warning(`${shown} is too old`, `reflock is made for ${name} ${least} and later`);
}

/** Whether koffi finds libc. */
export function checkKoffi(): Finding {
  const { koffi } = loadLibc();
  return ok(`version ${koffi.version} finds libc`);
}

/** Whether the kernel has open-file-description locks. */
export function checkKernel(): Finding {
  const kernel = `Linux ${release()}`;
  const errno = tryOnNull();
  if (errno === undefined) {
    return warning(`${kernel}, on which /dev/null cannot be opened to try a lock`);
  }
  if (errno === 0) return ok(`${kernel} has open-file-description locks`);
  if (errno === EINVAL) {
    return warning(
      `${kernel} has no open-file-description locks`,
      'process-associated ones are taken instead, which end when any part of a program opens the ' +
        'file and closes it; a sandbox or a seccomp filter may keep the others out',
    );
  }
  return failure(`${kernel} refuses open-file-description locks (${errnoName(errno)} from fcntl)`);
}

/** Whether locks are to be inherited here. */
export function hasInheritance(): boolean {
  return tryOnNull() !== EINVAL;
}

/**
 * Tries a shared lock on a file that is not on any disk, so that this tells of the kernel alone. Gives
 * 0 or `errno`, or `undefined` if the file cannot be opened.
 */
function tryOnNull(): number | undefined {
  const fd = openLockFile(AT_FDCWD, '/dev/null', 'read');
  if (fd === -1) return undefined;
  const errno = trySetLock(fd, 'shared', 0, 1);
  closeFd(fd);
  // That somebody is in the way shows that there are such locks too.
  return [EAGAIN, EACCES].includes(errno) ? 0 : errno;
}

/** Below that a program cannot wait for thousands of files, each of which is a descriptor. */
const FEW_FILES = 4096;

/** Whether enough files can be open. */
export function checkOpenFiles(): Finding {
  try {
    return judgeOpenFiles(readFileSync('/proc/self/limits', 'utf8'));
  } catch {
    return judgeOpenFiles('');
  }
}

/** The same by the text of /proc/PID/limits (proc_pid_limits(5)). */
export function judgeOpenFiles(limits: string): Finding {
  const [, soft, hard] = /^Max open files +(\S+) +(\S+)/m.exec(limits) ?? [];
  if (soft === undefined || hard === undefined) return warning('the limit is not shown here');
  const raised = soft === hard ? '' : ` (now ${soft}; JavaScript runtimes raise that themselves)`;
  const message = `up to ${hard} in a process${raised}`;
  if (hard === 'unlimited' || Number(hard) >= FEW_FILES) return ok(message);
  return warning(
    message,
    'each lock and each wait needs one: raise the hard limit (ulimit -Hn, LimitNOFILE=, ' +
      `limits.conf) to ${FEW_FILES} or more`,
  );
}
