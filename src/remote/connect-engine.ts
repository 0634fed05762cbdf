import { requireLibc } from '../lock/require-libc.ts';
import { Client } from './client.ts';
import { checkEndpoint, type Endpoint } from './endpoint.ts';
import type { RemoteEngine } from './remote-engine.ts';

/**
 * Connects to the engine that another thread has exposed with `exposeEngine()` at the other end of
 * the endpoint. Returns at once: what is asked before the other side listens is asked when it does.
 * A timeout counts from the request, also while nobody listens. As long as something is asked, this
 * thread stays alive; otherwise not for this.
 *
 * The thread at the other end must be one that you trust: this thread uses the descriptors and reads
 * the memory that it names.
 *
 * Each call makes a client of its own. Of a client that nobody uses any more nothing is left on
 * either side.
 *
 * @throws {LockError} `ERR_LOCK_UNSUPPORTED` where libc cannot be used.
 * @throws {TypeError} for what is no endpoint, such as `parentPort` in the main thread.
 *
 * @example
 * ```ts
 * import { parentPort, Worker } from 'node:worker_threads';
 * import { connectEngine } from 'reflock/remote';
 *
 * // In a worker whose parent has called exposeEngine(engine, worker):
 * if (parentPort !== null) {
 *   const engine = connectEngine(parentPort);
 *   await engine.withLock('/tmp/example.ref', { create: true, timeout: 1000 }, () => {});
 * }
 * ```
 */
export function connectEngine(endpoint: Endpoint): RemoteEngine {
  requireLibc();
  checkEndpoint(endpoint);
  return new Client(endpoint);
}
