/**
 * The ways of other packages to wait for an exclusive lock on a file without blocking the event loop.
 *
 * Locks of `fcntl(2)` conflict with ours, whichever descriptor or process they belong to. Those of
 * `flock(2)` conflict among themselves only, and so does the directory that proper-lockfile makes.
 */

import { closeSync, openSync } from 'node:fs';
import type { Absent } from '../measure.ts';
import { deno, DENO_FILE } from './deno-file.ts';
import { waitByKoffi } from './koffi.ts';
import { loadIfItWorks } from './package.ts';

/** Waits for the lock on a file; gives what releases it. */
export type Take = (path: string) => Promise<() => void | Promise<void>>;

/** One of those ways. */
export interface Waiting {
  readonly name: string;
  readonly take: Take;
}

/** All that wait for a lock which they can see in another process's descriptor. */
export function waitingInKernel(path: string): (Waiting | Absent)[] {
  return [fsNativeExtensions(path), fsExt(path), osLock(path), koffiAsync(path), ...denoFile()];
}

/** Waits without the identity check, which is nothing beside the thread that each wait starts. */
function fsNativeExtensions(path: string): Waiting | Absent {
  const addon = loadIfItWorks('fs-native-extensions', 'waitForLock', path);
  if ('absent' in addon) return addon;
  return { name: 'fs-native-extensions', take: byDescriptor((fd) => addon.waitForLock(fd)) };
}

function fsExt(path: string): Waiting | Absent {
  const addon = loadIfItWorks('fs-ext', 'fcntl', path);
  if ('absent' in addon) return addon;
  const { fcntl, constants } = addon;
  const wait = (fd: number): Promise<void> =>
    new Promise((resolve, reject) =>
      fcntl(fd, 'setlkw', constants.F_WRLCK, (error) => error ? reject(error) : resolve())
    );
  return { name: 'fs-ext', take: byDescriptor(wait) };
}

function osLock(path: string): Waiting | Absent {
  const addon = loadIfItWorks('os-lock', 'lock', path);
  if ('absent' in addon) return addon;
  const options = { exclusive: true, immediate: false } as const;
  return { name: 'os-lock', take: byDescriptor((fd) => addon.lock(fd, options)) };
}

function koffiAsync(path: string): Waiting | Absent {
  const name = 'koffi, async';
  const koffi = loadIfItWorks('koffi', 'async', path, name);
  return 'absent' in koffi ? koffi : { name, take: byDescriptor(waitByKoffi(koffi)) };
}

function denoFile(): Waiting[] {
  if (deno === undefined) return [];
  const { openSync } = deno;
  const take: Take = async (path) => {
    const file = openSync(path, { read: true, write: true });
    await file.lock(true);
    return () => file.close();
  };
  return [{ name: DENO_FILE, take }];
}

/** proper-lockfile's way, which tries again and again where it has to wait. */
export function properLockfile(path: string): Waiting | Absent {
  const lockfile = loadIfItWorks('proper-lockfile', 'lock', path);
  if ('absent' in lockfile) return lockfile;
  return { name: 'proper-lockfile', take: (path) => lockfile.lock(path) };
}

/** Closing the only descriptor of the file ends a lock of any kind. */
function byDescriptor(wait: (fd: number) => Promise<void>): Take {
  return async (path) => {
    const fd = openSync(path, 'r+');
    await wait(fd);
    return () => closeSync(fd);
  };
}
