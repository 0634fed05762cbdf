/**
 * The ways of other packages to take a free lock on a file at once. Where the lock is one on a
 * descriptor, they are given our guarantee by means of `node:fs`: that the file locked is the one that
 * has the name.
 */

import { closeSync, fstatSync, openSync, statSync } from 'node:fs';
import type { Absent } from '../measure.ts';
import { deno, DENO_FILE, type Identity } from './deno-file.ts';
import { loadIfItWorks } from './package.ts';

/** One of those ways. */
export interface Trying {
  readonly name: string;
  /** Takes the lock and gives it back, or throws. */
  lockAndRelease(path: string): void;
}

/** All of them. */
export function tryingPeers(path: string): (Trying | Absent)[] {
  return [fsNativeExtensions(path), fsExt(path), properLockfile(path), ...denoFile()];
}

function fsNativeExtensions(path: string): Trying | Absent {
  const addon = loadIfItWorks('fs-native-extensions', 'tryLock', path);
  if ('absent' in addon) return addon;
  return { name: 'fs-native-extensions', lockAndRelease: checked((fd) => addon.tryLock(fd)) };
}

function fsExt(path: string): Trying | Absent {
  const name = 'fs-ext (flock)';
  const addon = loadIfItWorks('fs-ext', 'flockSync', path, name);
  if ('absent' in addon) return addon;
  const tryLock = (fd: number): boolean => {
    addon.flockSync(fd, 'exnb');
    return true;
  };
  return { name, lockAndRelease: checked(tryLock) };
}

/** It locks the name and no file, so there is nothing to check. */
function properLockfile(path: string): Trying | Absent {
  const lockfile = loadIfItWorks('proper-lockfile', 'lockSync', path);
  if ('absent' in lockfile) return lockfile;
  return { name: 'proper-lockfile', lockAndRelease: (path) => lockfile.lockSync(path)() };
}

function denoFile(): Trying[] {
  if (deno === undefined) return [];
  const { openSync, statSync } = deno;
  const lockAndRelease = (path: string): void => {
    const file = openSync(path, { read: true, write: true });
    const locked = file.tryLockSync(true);
    const opened = file.statSync();
    check(path, locked, opened, statSync(path));
    file.close();
  };
  return [{ name: DENO_FILE, lockAndRelease }];
}

function checked(tryLock: (fd: number) => boolean): (path: string) => void {
  return (path) => {
    const fd = openSync(path, 'r+');
    const locked = tryLock(fd);
    const opened = fstatSync(fd);
    check(path, locked, opened, statSync(path));
    closeSync(fd);
  };
}

function check(path: string, locked: boolean, opened: Identity, named: Identity): void {
  if (!locked || opened.ino !== named.ino || opened.dev !== named.dev) {
    throw new Error(`Cannot lock "${path}": it is in use, or was replaced`);
  }
}
