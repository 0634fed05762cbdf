import { finalizer } from 'comlink';
import { threadId } from '../linux/interrupt.ts';
import { closeFd, openNothing } from '../linux/open.ts';
import type { AdoptOptions } from '../lock/adopt-lock.ts';
import { type LockEngine, take, tryTake } from '../lock/engine.ts';
import { type Lock, noteMode } from '../lock/lock.ts';
import { inOrder } from '../lock/lock-all.ts';
import { closedError, LockError } from '../lock/lock-error.ts';
import type { LockRequest } from '../lock/lock-options.ts';
import { Allowance, type Member } from './allowance.ts';
import { ClientWaits } from './client-waits.ts';
import { toFailure } from './failure.ts';
import type { Answer, Hello, News, Op, Outcome, Service } from './protocol.ts';
import { Secret } from './secret.ts';

let nothing = -1;

/** Does in the engine's thread what one client wants, and answers for it when the client is gone. */
export class ClientService implements Service, Member {
  readonly #engine: LockEngine;
  readonly #held = new Map<number, Lock>();
  readonly #waits = new ClientWaits();
  readonly #ended: () => void;
  readonly #allowance: Allowance;
  #secret: Secret | undefined;
  /** Whether the client has told the secret; `undefined` before it has tried. */
  #isProven: boolean | undefined;
  #over = false;

  /** `ended` is called when the client needs it no more. */
  constructor(engine: LockEngine, ended: () => void, allowance = new Allowance()) {
    this.#engine = engine;
    this.#ended = ended;
    this.#allowance = allowance;
    allowance.join(this);
  }

  get size(): number {
    return this.#held.size + this.#waits.size;
  }

  hello(): Hello {
    if (nothing === -1) nothing = openNothing();
    this.#secret ??= new Secret();
    return { thread: threadId(), nothing, secret: this.#secret.address };
  }

  prove(told: string): void {
    // There is one try, so nobody comes nearer to the secret by the time that an answer takes.
    this.#isProven ??= this.#secret?.isTold(told) ?? false;
  }

  exchange(ops: readonly Op[]): (Answer | undefined)[] {
    if (this.#over) throw closedError();
    return ops.map((op) => {
      try {
        return this.#do(op);
      } catch (error) {
        return failure(error);
      }
    });
  }

  settled(id: number): Answer | Promise<Answer> {
    return this.#waits.settled(id);
  }

  /** Called by comlink when the client lets go of it. */
  [finalizer](): void {
    this.end();
  }

  /** Gives up all waits and releases all locks of the client. */
  end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#allowance.leave(this);
    this.#waits.abortAll();
    for (const lock of this.#held.values()) lock.release();
    this.#held.clear();
    this.#ended();
  }

  #do(op: Op): Answer | undefined {
    if (typeof op === 'number') return this.#note({ do: 'released', lock: op, mode: 'exclusive' });
    switch (op.do) {
      case 'lock':
        this.#check(op.id, op.want.path);
        return this.#lock(op.id, op.want);
      case 'try': {
        this.#check(op.id, op.want.path);
        const lock = tryTake(this.#engine, op.want);
        return lock === undefined ? { is: 'busy' } : this.#grant(op.id, lock, 'as asked for');
      }
      case 'adopt':
        this.#check(op.id, `fd ${op.fd}`);
        return this.#adopt(op.id, op.fd, op.as);
      case 'upgrade':
        return this.#upgrade(op.id, op.lock);
      case 'order':
        this.#allowance.check(op.wants[0]?.path ?? '', op.wants.length);
        return { is: 'ordered', parts: inOrder(op.wants) };
      case 'query':
        return { is: 'told', snapshot: this.#engine.query() };
      case 'stats':
        return { is: 'counted', stats: this.#engine.stats() };
      case 'abort':
        return void this.#waits.abort(op.request);
      default:
        return this.#note(op);
    }
  }

  /** Makes sure that one more lock or wait may have this number. */
  #check(id: number, path: string): void {
    if (this.#held.has(id) || this.#waits.has(id)) {
      throw new RangeError(`The number ${id} is in use`);
    }
    this.#allowance.check(path);
  }

  #adopt(id: number, fd: number, as: AdoptOptions): Answer {
    if (this.#allowance.adopt && this.#isProven) {
      return this.#grant(id, this.#engine.adoptLock(fd, as));
    }
    const why = this.#allowance.adopt
      ? 'this client has not shown that it can use descriptors itself'
      : "the engine's thread allows that to no client here";
    throw new LockError(`Cannot adopt fd ${fd}: ${why}`, { code: 'ERR_LOCK_UNSUPPORTED' });
  }

  #lock(id: number, want: LockRequest): Answer {
    return this.#waits.begin(id, (onWait, end) => {
      const granted = (lock: Lock): void => end(this.#grant(id, lock, 'as asked for'));
      const failed = (reason: unknown): void => end(failure(reason));
      const giveUp = take(this.#engine, want, { onWait }, granted, failed);
      return () => giveUp?.now(AbortSignal.abort().reason);
    });
  }

  #upgrade(id: number, held: number): Answer {
    const lock = this.#held.get(held);
    if (lock === undefined) throw new RangeError(`There is no lock ${held}`);
    this.#check(id, lock.path);
    return this.#waits.begin(id, (onWait, end) => {
      const controller = new AbortController();
      lock.upgrade({ signal: controller.signal, onWait }).then(
        () => end({ is: 'upgraded' }),
        (reason) => end(failure(reason)),
      );
      return () => controller.abort();
    });
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
    // Nobody can be given what is the whole process's.
    if (what === 'detached' && lock.kind === 'process') return;
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
