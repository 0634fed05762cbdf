/**
 * What the tests of locks are about: the functions and engines of the library or, when
 * `client-thread.ts` runs a test, those of the main thread. Some of the latter give promises.
 */

import { isMainThread } from 'node:worker_threads';
import * as library from '../../src/mod.ts';
import { type EngineOptions, LockEngine as LocalEngine } from '../../src/mod.ts';
import type { RemoteEngine } from '../../src/remote/mod.ts';
import { engineOfParent } from './engine-of-parent.ts';

export * from '../../src/mod.ts';

function makeEngine(options?: EngineOptions): RemoteEngine {
  if (!isMainThread) return engineOfParent(options);
  return new LocalEngine(options) as unknown as RemoteEngine;
}

/** A class, for what is made with `new`. */
export const LockEngine = function (options?: EngineOptions): RemoteEngine {
  return makeEngine(options);
} as unknown as new (options?: EngineOptions) => RemoteEngine;
export type LockEngine = RemoteEngine;

const engine = isMainThread ? library as unknown as RemoteEngine : makeEngine();

export const tryLock: RemoteEngine['tryLock'] = (...args) => engine.tryLock(...args);
export const lock: RemoteEngine['lock'] = (...args) => engine.lock(...args);
export const lockAll: RemoteEngine['lockAll'] = (...args) => engine.lockAll(...args);
export const withLock: RemoteEngine['withLock'] = (...args) => engine.withLock(...args);
export const adoptLock: RemoteEngine['adoptLock'] = (...args) => engine.adoptLock(...args);
export const query: RemoteEngine['query'] = () => engine.query();
