/**
 * What a client may say, piece by piece. Any thread that has the other end of an endpoint can post
 * anything there, and comlink would follow it to any property of any object. So whatever arrives is
 * read here first, and what goes on is made anew from what has been checked: nothing of the client's
 * own objects reaches comlink or the engine.
 *
 * A message that was posted is a copy without functions and accessors (structured clone), so to read
 * it runs nobody's code. But it may be of any size and shape: a list may have 2 ** 32 holes, and a text
 * made of an object may be endless. So nothing is walked or printed before its type is known.
 */

import { MessagePort } from 'node:worker_threads';
import { type AdoptOptions, checkAdopt } from '../lock/adopt-lock.ts';
import { type LockMode, type LockRequest, toRequest } from '../lock/lock-options.ts';
import type { TryLockOptions } from '../lock/lock-options.ts';
import { type Knock, MOST_AT_ONCE, type News, type Op, type Service } from './protocol.ts';

/** A message of comlink that calls a method of the {@linkcode Service}, or that lets go of it. */
export type Call =
  | { readonly id: string; readonly type: 'RELEASE' }
  | {
    readonly id: string;
    readonly type: 'APPLY';
    readonly path: readonly [keyof Service];
    readonly argumentList: readonly { readonly type: 'RAW'; readonly value: unknown }[];
  };

/** The longest text of a client that is not a path. */
const LONGEST_TEXT = 100;
/** More than the kernel takes of a path, in bytes, of which each character is at least one. */
const LONGEST_PATH = 5000;
/** The most files that `lockAll()` of a client can put in order at once. */
const MOST_WANTS = 50_000;

/** The most that the kernel counts a thread with. */
const LAST_THREAD = 2 ** 31 - 1;

/** Reads a message that came over the endpoint; `undefined` for one that is somebody else's. */
export function readKnock(message: unknown): Knock | undefined {
  if (typeof message !== 'object' || message === null) return undefined;
  const { reflock, thread, port } = message as Record<string, unknown>;
  if (reflock !== 'connect' || !(port instanceof MessagePort)) return undefined;
  if (isCount(thread) && thread <= LAST_THREAD) return { reflock, thread, port };
  port.close();
  return undefined;
}

/** Reads the number of a call, which its answer is sent with, before the rest of it. */
export function readCallId(message: unknown): string | undefined {
  if (typeof message !== 'object' || message === null) return undefined;
  const { id } = message as Record<string, unknown>;
  return typeof id === 'string' && id.length <= LONGEST_TEXT ? id : undefined;
}

/**
 * Reads the rest of it.
 *
 * @throws {TypeError | RangeError} for what is no call of the protocol.
 */
export function readCall(id: string, message: unknown): Call {
  const { type, path, argumentList } = toFields(message);
  if (type === 'RELEASE') return { id, type };
  if (type !== 'APPLY') throw wrong('the kind of message');
  const [name] = toList(path, 1);
  const given = toList(argumentList, 1);
  const call = (name: keyof Service, ...args: unknown[]): Call => ({
    id,
    type,
    path: [name],
    argumentList: args.map((value) => ({ type: 'RAW', value })),
  });
  switch (name) {
    case 'hello':
      return call(name);
    case 'prove':
      return call(name, toText(onlyOne(given)));
    case 'exchange':
      return call(name, toList(onlyOne(given), MOST_AT_ONCE).map(toOp));
    case 'settled':
      return call(name, toId(onlyOne(given)));
  }
  throw wrong('the name');
}

/** The one argument of a call. comlink would make a port, or an error, of one that is not `RAW`. */
function onlyOne(given: readonly unknown[]): unknown {
  const { type, value } = toFields(given[0]);
  if (type !== 'RAW') throw wrong('an argument');
  return value;
}

function toOp(value: unknown): Op {
  if (typeof value === 'number') return toId(value);
  const op = toFields(value);
  switch (op['do']) {
    case 'lock':
    case 'try':
      return { do: op['do'], id: toId(op['id']), want: toWant(op['want']) };
    case 'adopt':
      return { do: 'adopt', id: toId(op['id']), ...toAdoption(op) };
    case 'upgrade':
      return { do: 'upgrade', id: toId(op['id']), lock: toId(op['lock']) };
    case 'order':
      return {
        do: 'order',
        id: toId(op['id']),
        wants: toList(op['wants'], MOST_WANTS).map(toWant),
      };
    case 'query':
    case 'stats':
      return { do: op['do'], id: toId(op['id']) };
    case 'abort':
      return { do: 'abort', request: toId(op['request']) };
    case 'changed':
    case 'released':
    case 'detached':
      return toNews(op['do'], op);
  }
  throw wrong('what is to be done');
}

function toNews(what: News['do'], { lock, mode }: Record<string, unknown>): News {
  if (mode !== 'shared' && mode !== 'exclusive') throw wrong('the mode of a lock');
  return { do: what, lock: toId(lock), mode };
}

/** Checks a want as `toRequest()` has checked it in the client's thread. */
function toWant(value: unknown): LockRequest {
  const { path, dirfd, mode, create, beneath, kind, range, file } = toFields(value);
  if (typeof path !== 'string') throw wrong('a path');
  checkPlain(dirfd, mode, create, beneath, kind);
  const options = { mode, create, beneath, kind, at: dirfd, range: toRange(range) };
  // The kernel says of the rest what it says of the whole: it is too long.
  const want = toRequest(path.slice(0, LONGEST_PATH), options as TryLockOptions);
  return file === undefined ? want : { ...want, file: toFile(file) };
}

function toAdoption({ fd, as }: Record<string, unknown>): { fd: number; as: AdoptOptions } {
  const { mode, kind, range } = toFields(as);
  checkPlain(fd, mode, kind);
  const options = { mode: mode as LockMode, kind, range: toRange(range) } as AdoptOptions;
  checkAdopt(fd as number, options);
  return { fd: fd as number, as: options };
}

function toRange(value: unknown): TryLockOptions['range'] {
  if (value === undefined) return undefined;
  const { start, length } = toFields(value);
  checkPlain(start, length);
  return { start, length } as TryLockOptions['range'];
}

/** A device and an inode, as `identity()` has them. */
function toFile(value: unknown): string {
  const file = toText(value);
  if (!/^\d+:\d+:\d+$/.test(file)) throw wrong('a file');
  return file;
}

function toText(value: unknown): string {
  if (typeof value !== 'string' || value.length > LONGEST_TEXT) throw wrong('a text');
  return value;
}

function toId(value: unknown): number {
  if (!isCount(value)) throw wrong('the number of a request');
  return value;
}

/** A list without holes; a longer one is not looked at. */
function toList(value: unknown, most = Infinity): unknown[] {
  if (!Array.isArray(value) || value.length > most) throw wrong('a list');
  const list: unknown[] = [];
  for (const entry of value) {
    if (entry === undefined) throw wrong('a list');
    list.push(entry);
  }
  return list;
}

function toFields(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw wrong('an object');
  return value as Record<string, unknown>;
}

/** To make a text of an object, for the message of an error, may take for ever; of a bigint, too. */
function checkPlain(...values: unknown[]): void {
  for (const value of values) {
    if (typeof value === 'string') toText(value);
    else if (typeof value === 'object' || typeof value === 'bigint') throw wrong('an option');
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function wrong(what: string): TypeError {
  return new TypeError(`A client has sent what is not in the protocol, as ${what}`);
}
