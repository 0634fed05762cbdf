import { setTimeout } from 'node:timers';
import type { MessagePort } from 'node:worker_threads';
import { type Endpoint as ComlinkEndpoint, expose } from 'comlink';
import { LockEngine } from '../lock/engine.ts';
import { Allowance, type ExposeOptions } from './allowance.ts';
import { readKnock } from './check-message.ts';
import { ClientService } from './client-service.ts';
import { invalidArgument, listen, type ListeningEndpoint } from './endpoint.ts';
import { Guard } from './guard.ts';
import { onThreadEnd } from './thread-end.ts';

/**
 * Lets other threads use an engine, with {@linkcode connectEngine} at the other end of the endpoint:
 * a `Worker`, a worker's `parentPort`, or a `MessagePort`, of which the other end may be handed on to
 * a third thread. Of what passes over the endpoint otherwise nothing is touched; whoever else listens
 * there sees one message of each client, `{ reflock: 'connect', … }`, or a few if it is late.
 *
 * The engine stays usable here, and one engine can be exposed over any number of endpoints. It belongs
 * in the main thread: in a worker its waits are only tried in turn, and what it has open when that
 * worker ends stays open as long as the process. When a
 * client's thread has ended, however that came about, its waits are given up and its locks
 * released, within a second, except those that it has detached. A thread that was terminated
 * ends when it has left the native call that it is in.
 *
 * Only calls of this protocol reach the engine, checked and made anew. So a client cannot run code
 * here, change objects, end other clients' locks, or have a descriptor closed that is not its own
 * lock's, whatever it posts; the owner and other clients go on. But an engine opens files with the
 * rights of its process, also for a thread that has fewer, such as a worker of Deno without
 * permissions. Such a client can
 *
 * - lock any file or directory that the process may open, also by way of the process's descriptors
 *   (`at`, `/proc/self/fd`), and so keep everybody else waiting; to open a device may have effects;
 * - create empty files where the process may (`create`);
 * - learn from errors which paths exist, and from `query()` which files the others lock;
 * - end a process-associated lock that another thread, or another part of the program, has on a file,
 *   because any close of that file does (fcntl(2));
 * - name a thread that is not its own, and keep its locks until that one has ended;
 * - use up what `maxLocks` allows to its endpoint, and keep the engine's thread busy, or blocked in an
 *   open on a filesystem that does not answer.
 *
 * Nothing keeps a thread from using up the memory and the processors of its process.
 *
 * @throws {TypeError | RangeError} for what is no engine, or no endpoint, and for options that cannot
 * be right.
 *
 * @example
 * ```ts
 * import { MessageChannel } from 'node:worker_threads';
 * import { LockEngine } from 'reflock';
 * import { connectEngine, exposeEngine } from 'reflock/remote';
 *
 * const { port1, port2 } = new MessageChannel();
 * exposeEngine(new LockEngine(), port1);
 *
 * const engine = connectEngine(port2); // in any thread to which port2 was transferred
 * const lock = await engine.lock('/tmp/example.ref', { create: true });
 * lock.release();
 * port1.close();
 * ```
 */
export function exposeEngine(
  engine: LockEngine,
  endpoint: ListeningEndpoint,
  options?: ExposeOptions,
): void {
  if (!(engine instanceof LockEngine)) {
    throw invalidArgument('Cannot expose an engine: it must be a LockEngine', engine);
  }
  const allowance = new Allowance(options);
  listen(endpoint, (message) => {
    const knock = readKnock(message);
    if (knock === undefined) return;
    const { port, thread } = knock;
    if (allowance.full) return port.close();
    const service = new ClientService(engine, () => {
      forget();
      port.close();
    }, allowance);
    const forget = onThreadEnd(thread, () => service.end());
    expose(service, new Guard(port as unknown as ComlinkEndpoint));
    stayUnreferenced(port);
  });
}

/** Has a port not keep this thread alive. */
function stayUnreferenced(port: MessagePort): void {
  port.unref();
  if (process.versions.deno === undefined) return;
  // On Deno 2.9 a port that was received keeps the thread once more after a message, though
  // `hasRef()` denies it, and unref() is heard only after ref() and in a later turn.
  let later: NodeJS.Timeout | undefined;
  port.addEventListener('message', () => {
    later ??= setTimeout(() => {
      later = undefined;
      port.ref();
      port.unref();
    });
  });
}
