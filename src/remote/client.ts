import { type AdoptOptions, checkAdopt } from '../lock/adopt-lock.ts';
import type { EngineStats, LockSnapshot } from '../lock/engine-info.ts';
import type { WantedLock } from '../lock/give-up.ts';
import type { Lock } from '../lock/lock.ts';
import { type LockAllRequest, type Order, type Take, takeAll } from '../lock/lock-all.ts';
import { closedError } from '../lock/lock-error.ts';
import { checkWaitOptions, toRequest } from '../lock/lock-options.ts';
import type { LockOptions, LockRequest, TryLockOptions } from '../lock/lock-options.ts';
import type { WaitOptions } from '../lock/lock-options.ts';
import type { LockSet } from '../lock/lock-set.ts';
import { whileHeld } from '../lock/while-held.ts';
import type { Endpoint } from './endpoint.ts';
import { toError } from './failure.ts';
import { Link } from './link.ts';
import type { Counted, Granted, Ordered, Outcome, Request, Told } from './protocol.ts';
import type { RemoteEngine } from './remote-engine.ts';
import { type LockClient, toLock } from './remote-keeper.ts';
import { type Ending, RemoteWait } from './remote-wait.ts';

/** An engine of another thread, as it is used from this one. */
export class Client implements RemoteEngine, LockClient {
  readonly link: Link;
  readonly #waits = new Set<Pick<RemoteWait<unknown>, 'close' | 'promise'>>();
  #closed = false;

  constructor(endpoint: Endpoint) {
    this.link = new Link(endpoint);
  }

  async tryLock(path: string | URL, options?: TryLockOptions): Promise<Lock | undefined> {
    const want = toRequest(path, options);
    const id = this.link.newId();
    const toOurs = (outcome: Outcome): Lock | undefined =>
      outcome.is === 'granted' ? toLock(this, id, outcome.grant) : undefined;
    return await this.wait({ do: 'try', id, want }, want, {}, {
      granted: toOurs,
      refused: (outcome) => toOurs(outcome)?.release(),
    });
  }

  async lock(path: string | URL, options: LockOptions = {}): Promise<Lock> {
    const want = toRequest(path, options);
    checkWaitOptions(options);
    return await this.#take(want, options);
  }

  async lockAll(requests: Iterable<LockAllRequest>, options: WaitOptions = {}): Promise<LockSet> {
    this.#throwIfClosed();
    const take: Take = (want, options) => this.#take(want, options);
    // Where there are locks of the kind `process`, only their own thread may open and close files.
    const order: Order = async (wants) => {
      const [first] = wants;
      if (first === undefined) return [];
      const op = { do: 'order', id: this.link.newId(), wants } as const;
      const { signal, timeout } = options;
      return await this.wait(op, first, { signal, timeout }, {
        granted: (outcome) => (outcome as Ordered).parts,
        refused() {},
      });
    };
    return await takeAll(requests, options, take, order);
  }

  async withLock<T>(
    path: string | URL,
    options: LockOptions,
    fn: (lock: Lock) => T | PromiseLike<T>,
  ): Promise<T> {
    return await whileHeld(await this.lock(path, options), fn);
  }

  async adoptLock(fd: number, options: AdoptOptions): Promise<Lock> {
    checkAdopt(fd, options);
    this.#throwIfClosed();
    const { mode, kind, range } = options;
    // No more of it than can be sent.
    const bytes = range && { start: range.start, length: range.length };
    const id = this.link.newId();
    const outcome = await this.#ask({ do: 'adopt', id, fd, as: { mode, kind, range: bytes } });
    return toLock(this, id, (outcome as Granted).grant);
  }

  async query(): Promise<LockSnapshot> {
    const outcome = await this.#ask({ do: 'query', id: this.link.newId() });
    return (outcome as Told).snapshot;
  }

  async stats(): Promise<EngineStats> {
    const outcome = await this.#ask({ do: 'stats', id: this.link.newId() });
    return (outcome as Counted).stats;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const waits = [...this.#waits];
    for (const wait of waits) wait.close();
    await Promise.allSettled(waits.map(({ promise }) => promise));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async wait<T>(
    op: Request,
    want: WantedLock,
    options: WaitOptions,
    ending: Ending<T>,
  ): Promise<T> {
    this.#throwIfClosed(want.path);
    options.signal?.throwIfAborted();
    const wait = new RemoteWait(this.link, op, want, options, ending);
    this.#waits.add(wait);
    try {
      return await wait.promise;
    } finally {
      this.#waits.delete(wait);
    }
  }

  async #take(want: LockRequest, options: WaitOptions): Promise<Lock> {
    const id = this.link.newId();
    const toOurs = (outcome: Outcome): Lock => toLock(this, id, (outcome as Granted).grant);
    return await this.wait({ do: 'lock', id, want }, want, options, {
      granted: toOurs,
      refused: (outcome) => toOurs(outcome).release(),
    });
  }

  #ask(op: Request, path?: string): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      this.link.send({
        op,
        answered(outcome) {
          if (outcome.is === 'failed') reject(toError(outcome.failure));
          else resolve(outcome);
        },
        lost: () => reject(closedError(path)),
      });
    });
  }

  #throwIfClosed(path?: string): void {
    if (this.#closed) throw closedError(path);
  }
}
