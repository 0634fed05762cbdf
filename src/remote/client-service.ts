import { finalizer } from 'comlink';
import { threadId } from '../linux/interrupt.ts';
import { closeFd, openNothing } from '../linux/open.ts';
import { type LockEngine, take, tryTake } from '../lock/engine.ts';
import { type Lock, noteMode } from '../lock/lock.ts';
import { inOrder } from '../lock/lock-all.ts';
import type { LockRequest, WaitInfo } from '../lock/lock-options.ts';
import { toFailure } from './failure.ts';
import type { Answer, Hello, News, Op, Outcome, Service } from './protocol.ts';

/** A wait of the client, until the client has been told what came of it. */
interface Wait {
  abort: (() => void) | undefined;
  outcome: Answer | undefined;
  tell: ((outcome: Answer) => void) | undefined;
}

let nothing = -1;

/** Does in the engine's thread what one client wants, and answers for it when the client is gone. */
export class ClientService implements Service {
  readonly #engine: LockEngine;
  readonly #held = new Map<number, Lock>();
  readonly #waits = new Map<number, Wait>();
  readonly #ended: () => void;
  #over = false;

  /** `ended` is called when the client needs it no more. */
  constructor(engine: LockEngine, ended: () => void) {
    this.#engine = engine;
    this.#ended = ended;
  }

  hello(): Hello {
    if (nothing === -1) nothing = openNothing();
    return { thread: threadId(), nothing };
  }

  exchange(ops: readonly Op[]): (Answer | undefined)[] {
    return ops.map((op) => {
      if (typeof op === 'number') {
        return this.#note({ do: 'released', lock: op, mode: 'exclusive' });
      }
      switch (op.do) {
        case 'lock':
          return this.#lock(op.id, op.want);
        case 'try':
          return this.#try(op.id, () => tryTake(this.#engine, op.want), 'as asked for');
        case 'adopt':
          return this.#try(op.id, () => this.#engine.adoptLock(op.fd, op.as));
        case 'upgrade':
          return this.#upgrade(op.id, this.#held.get(op.lock)!);
        case 'order':
          return this.#order(op.wants);
        case 'query':
          return { is: 'told', snapshot: this.#engine.query() };
        case 'stats':
          return { is: 'counted', stats: this.#engine.stats() };
        case 'abort':
          return void this.#waits.get(op.request)?.abort?.();
        default:
          return this.#note(op);
      }
    });
  }

  settled(id: number): Answer | Promise<Answer> {
    const wait = this.#waits.get(id)!;
    if (wait.outcome === undefined) return new Promise((resolve) => wait.tell = resolve);
    this.#waits.delete(id);
    return wait.outcome;
  }

  /** Called by comlink when the client lets go of it. */
  [finalizer](): void {
    this.end();
  }

  /** Gives up all waits and releases all locks of the client. */
  end(): void {
    if (this.#over) return;
    this.#over = true;
    for (const { abort } of this.#waits.values()) abort?.();
    for (const lock of this.#held.values()) lock.release();
    this.#held.clear();
    this.#ended();
  }

  #try(id: number, take: () => Lock | undefined, how?: 'as asked for'): Answer {
    try {
      const lock = take();
      return lock === undefined ? { is: 'busy' } : this.#grant(id, lock, how);
    } catch (error) {
      return failure(error);
    }
  }

  #order(wants: readonly LockRequest[]): Outcome {
    try {
      return { is: 'ordered', parts: inOrder(wants) };
    } catch (error) {
      return failure(error);
    }
  }

  #lock(id: number, want: LockRequest): Answer {
    return this.#wait(id, (onWait, end) => {
      const granted = (lock: Lock): void => end(this.#grant(id, lock, 'as asked for'));
      const failed = (reason: unknown): void => end(failure(reason));
      const giveUp = take(this.#engine, want, { onWait }, granted, failed);
      return () => giveUp?.now(AbortSignal.abort().reason);
    });
  }

  #upgrade(id: number, lock: Lock): Answer {
    return this.#wait(id, (onWait, end) => {
      const controller = new AbortController();
      lock.upgrade({ signal: controller.signal, onWait }).then(
        () => end({ is: 'upgraded' }),
        (reason) => end(failure(reason)),
      );
      return () => controller.abort();
    });
  }

  /** Begins something that may have to wait; `begin` gives what aborts that. */
  #wait(
    id: number,
    begin: (onWait: (info: WaitInfo) => void, end: (outcome: Answer) => void) => () => void,
  ): Answer {
    const wait: Wait = { abort: undefined, outcome: undefined, tell: undefined };
    let info: WaitInfo | undefined;
    const end = (outcome: Answer): void => {
      wait.outcome = outcome;
      if (wait.tell === undefined) return;
      this.#waits.delete(id);
      wait.tell(outcome);
    };
    try {
      wait.abort = begin((told) => void (info = told), end);
    } catch (error) {
      return failure(error);
    }
    if (wait.outcome !== undefined) return wait.outcome;
    this.#waits.set(id, wait);
    return { is: 'waiting', info };
  }

  #grant(id: number, lock: Lock, how?: 'as asked for'): Answer {
    const { path, mode, range, kind, fd } = lock;
    // Nobody would ever release it.
    if (this.#over) lock.release();
    else this.#held.set(id, lock);
    if (how !== undefined && kind === 'ofd') return fd;
    return { is: 'granted', grant: { path, mode, range, kind, fd } };
  }

  /** Makes the books of what the client has done. */
  #note({ do: what, lock: id, mode }: News): undefined {
    const lock = this.#held.get(id);
    if (lock === undefined) return;
    // What has been given away may have been upgraded, unheard by the client.
    const isOurs = lock.kind === 'process' || what === 'detached';
    if (!isOurs) noteMode(lock, mode);
    else if (mode === 'shared') lock.downgrade();
    if (what === 'changed') return;
    this.#held.delete(id);
    if (what === 'released') lock.release();
    else closeFd(lock.detach());
  }
}

function failure(error: unknown): Outcome {
  return { is: 'failed', failure: toFailure(error) };
}
