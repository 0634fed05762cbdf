/**
 * What the thread of an engine and the threads of its clients say to each other.
 *
 * 1. The client makes a channel, and posts one end of it over the endpoint in a {@linkcode Knock}:
 *    the only message that passes there, so an endpoint can serve other purposes too. All else is
 *    comlink's, on that channel: the owner exposes a {@linkcode Service} for each client.
 * 2. `hello()` answers the knock. Until then the client keeps its requests to itself.
 * 3. What a client wants within one turn of its event loop goes together in one call of
 *    `exchange()`, in order, and is answered at once. A wait is told of as `waiting`, and
 *    `settled()` answers when it is over: so `onWait` is called before, whatever comes of the wait.
 * 4. Descriptors are the process's. So the client itself acts on a lock that it holds, and what it
 *    sends about it is news, of which the owner makes its books and no more: by the time it hears of
 *    a change the client may have made another one. Only a lock of the kind `process` is the owner's
 *    to change.
 * 5. The owner takes no client's word for anything: `check-message.ts` reads what comes in, and what is
 *    not said here is refused. Only a client that proves that it can read the memory of the process may
 *    name a descriptor that is to be taken over.
 */

import type { MessagePort } from 'node:worker_threads';
import type { AdoptOptions } from '../lock/adopt-lock.ts';
import type { EngineStats, LockSnapshot } from '../lock/engine-info.ts';
import type { Part } from '../lock/lock-all.ts';
import type { LockKind, LockMode, LockRequest, WaitInfo } from '../lock/lock-options.ts';
import type { Failure } from './failure.ts';

/** The first message, over the endpoint. */
export interface Knock {
  readonly reflock: 'connect';
  /** The client, by the kernel's id. */
  readonly thread: number;
  /** The owner's end of the channel. */
  readonly port: MessagePort;
}

/** What a client needs to know of the owner. */
export interface Hello {
  /** The owner, by the kernel's id. */
  readonly thread: number;
  /** For `hollowOut()`. */
  readonly nothing: number;
  /** Where in memory the secret lies that `prove()` is to be told. */
  readonly secret: number;
}

/** The most ops that go together in one call. */
export const MOST_AT_ONCE = 64;

/** Something that the client wants, with the client's number for it. */
export type Request =
  | { readonly do: 'lock' | 'try'; readonly id: number; readonly want: LockRequest }
  | { readonly do: 'adopt'; readonly id: number; readonly fd: number; readonly as: AdoptOptions }
  | { readonly do: 'upgrade'; readonly id: number; readonly lock: number }
  | { readonly do: 'order'; readonly id: number; readonly wants: readonly LockRequest[] }
  | { readonly do: 'query' | 'stats'; readonly id: number };

/**
 * Something that the client wants, or tells. A number alone is the release of that lock, which was
 * exclusive: to send an object with its keys takes longer than to release.
 */
export type Op =
  | number
  | Request
  | { readonly do: 'abort'; readonly request: number }
  | News;

/** What the client has done with a lock, which has the number of the request that led to it. */
export interface News {
  readonly do: 'changed' | 'released' | 'detached';
  readonly lock: number;
  /** Its mode, or the last one. */
  readonly mode: LockMode;
}

/** What has come of a request. */
export type Outcome =
  | { readonly is: 'granted'; readonly grant: Grant }
  | { readonly is: 'upgraded' }
  | { readonly is: 'busy' }
  | { readonly is: 'waiting'; readonly info: WaitInfo | undefined }
  | { readonly is: 'ordered'; readonly parts: readonly Part[] }
  | { readonly is: 'told'; readonly snapshot: LockSnapshot }
  | { readonly is: 'counted'; readonly stats: EngineStats }
  | { readonly is: 'failed'; readonly failure: Failure };

/** The outcome that a request has when it has not failed. */
export type Granted = Extract<Outcome, { is: 'granted' }>;
export type Ordered = Extract<Outcome, { is: 'ordered' }>;
export type Told = Extract<Outcome, { is: 'told' }>;
export type Counted = Extract<Outcome, { is: 'counted' }>;

/**
 * The same, as it is sent: a number alone is the descriptor of a lock that was granted as it was asked
 * for. To send an object with its keys takes longer than to lock.
 */
export type Answer = number | Outcome;

/** What a number alone means. */
export function toOutcome(answer: Answer, op: Op): Outcome {
  if (typeof answer !== 'number') return answer;
  const { path, mode, range } = (op as Extract<Request, { do: 'lock' | 'try' }>).want;
  return { is: 'granted', grant: { path, mode, range, kind: 'ofd', fd: answer } };
}

/** A lock, for the client to make one like it. */
export interface Grant extends Pick<LockRequest, 'path' | 'mode' | 'range'> {
  readonly fd: number;
  readonly kind: LockKind;
}

/** What comlink exposes to one client. */
export interface Service {
  hello(): Hello;
  /** Hears what the client has read in the memory that `hello()` names. */
  prove(secret: string): void;
  /** Gives an answer to each request, and `undefined` for all else. */
  exchange(ops: readonly Op[]): (Answer | undefined)[];
  /** Answers when a wait is over. */
  settled(id: number): Answer | Promise<Answer>;
}
