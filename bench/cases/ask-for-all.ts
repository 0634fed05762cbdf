import { closeSync, openSync } from 'node:fs';
import { type Lock, LockEngine } from '../../src/mod.ts';
import type { Packages } from '../peers/package.ts';
import { untilBlocked } from './kernel-waiters.ts';

/** Waits for many files, one each. */
export interface ManyWaits {
  /** Resolves when all are waiting. */
  outstanding(): Promise<void>;
  /** Resolves when the last one has its lock. */
  readonly granted: Promise<void>;
  /** Gives all locks back, after that. */
  release(): void;
}

/** Asks for a lock on each of the files, by the means of one of those that are compared. */
export type AskForAll = (files: readonly string[]) => ManyWaits;

/** Asks an engine as anybody makes it. */
export function reflock(): AskForAll {
  const engine = new LockEngine();
  return (files) => {
    let locks: Lock[] = [];
    const waits = files.map((file) => engine.lock(file));
    return {
      outstanding: () => Promise.resolve(),
      granted: Promise.all<Lock>(waits).then((all) => void (locks = all)),
      release: () => locks.forEach((lock) => lock.release()),
    };
  };
}

/** Asks the addon, which starts a thread for each. */
export function fsNativeExtensions(addon: Packages['fs-native-extensions']): AskForAll {
  return (files) => {
    const fds = files.map((file) => openSync(file, 'r+'));
    return {
      outstanding: () => untilBlocked(files),
      granted: Promise.all(fds.map((fd) => addon.waitForLock(fd))).then(() => {}),
      release: () => fds.forEach((fd) => closeSync(fd)),
    };
  };
}

/** How long waits and threads settle before they are measured, in milliseconds. */
const SETTLING = 200;

/** Returns when everything has fallen idle. */
export async function settle(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, SETTLING));
}
