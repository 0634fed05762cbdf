import { closeSync, fstatSync, openSync, statSync } from 'node:fs';
import { tryLock } from '../../src/mod.ts';
import { type Absent, type Contender, time } from '../measure.ts';
import { loadIfItWorks } from '../peers/fs-native-extensions.ts';
import type { Case } from './case.ts';
import { uncontendedC } from './uncontended-c.ts';

/** A free lock on the calling thread: path in, identity checked, released. */
export const tryCase: Case = {
  name: 'try',
  title: 'tryLock() and release() of a free lock',
  bounds: { C: 1.3, 'fs-native-extensions': 1 },
  rounds: 100,
  contenders: (path) => [reflock(path), uncontendedC(path), fsNativeExtensions(path)],
};

function reflock(path: string): Contender {
  return {
    name: 'reflock',
    measure: (count) =>
      time(count, (count) => {
        for (let i = 0; i < count; i++) tryLock(path)!.release();
      }),
  };
}

/** The same guarantee, made of that package and `node:fs`. */
function fsNativeExtensions(path: string): Contender | Absent {
  const addon = loadIfItWorks('tryLock', path);
  if ('absent' in addon) return addon;
  const lockAndRelease = (): void => {
    const fd = openSync(path, 'r+');
    const locked = addon.tryLock(fd);
    const opened = fstatSync(fd);
    const named = statSync(path);
    if (!locked || opened.ino !== named.ino || opened.dev !== named.dev) {
      throw new Error(`Cannot lock "${path}": it is in use, or was replaced`);
    }
    closeSync(fd);
  };
  return {
    name: 'fs-native-extensions',
    measure: (count) =>
      time(count, (count) => {
        for (let i = 0; i < count; i++) lockAndRelease();
      }),
  };
}
