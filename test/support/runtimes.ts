/** The functions for runtimes, with the engine that the tests are about; see `subject.ts`. */

import { isMainThread } from 'node:worker_threads';
import * as library from '../../src/runtime/mod.ts';
import { engineOfParent } from './engine-of-parent.ts';

export * from '../../src/runtime/mod.ts';

const engine = isMainThread ? undefined : engineOfParent();

export const useRuntime: typeof library.useRuntime = (path, options) =>
  library.useRuntime(path, { engine, ...options });

export const createCopy: typeof library.createCopy = (source, parent, options) =>
  library.createCopy(source, parent, { engine, ...options });

export const collectGarbage: typeof library.collectGarbage = (parent, options) =>
  library.collectGarbage(parent, { engine, ...options });

export const removeRuntime: typeof library.removeRuntime = (path, options) =>
  library.removeRuntime(path, { engine, ...options });
