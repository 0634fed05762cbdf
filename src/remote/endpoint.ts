import { inspect } from 'node:util';
import type { Transferable } from 'node:worker_threads';

/**
 * What a client speaks over to the thread that has the engine: a `Worker`, its `parentPort`, the
 * `self` of a web worker, a `MessagePort`, or anything else that posts messages.
 */
export interface Endpoint {
  /** Sends a message to the other side, and hands over what is to be transferred. */
  postMessage(message: unknown, transfer: Transferable[]): void;
}

/** What the thread that has the engine listens to: the same, with the one kind of events or the other. */
export type ListeningEndpoint =
  | {
    /** Listens as the web does. */
    addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
    /** Begins with the delivery of messages, where that is necessary. */
    start?(): void;
  }
  | {
    /** Listens as Node does. */
    on(type: 'message', listener: (message: unknown) => void): void;
  };

/**
 * Checks what messages are to be posted to: `parentPort` is `null` in the main thread, and is soon
 * taken for one.
 */
export function checkEndpoint(endpoint: Endpoint): void {
  if (typeof endpoint?.postMessage !== 'function') throw notAnEndpoint('connect over', endpoint);
}

/** Calls back with each message that arrives. */
export function listen(endpoint: ListeningEndpoint, listener: (message: unknown) => void): void {
  const { addEventListener, on } = Object(endpoint);
  if (typeof (addEventListener ?? on) !== 'function') throw notAnEndpoint('listen to', endpoint);
  // A `Worker` of Node knows no events, and on Deno the port of a thread has no `on()`.
  if (!('addEventListener' in endpoint)) return void endpoint.on('message', listener);
  endpoint.addEventListener('message', ({ data }) => listener(data));
  endpoint.start?.();
}

function notAnEndpoint(action: string, value: unknown): TypeError {
  const rule = "a Worker, a worker's parentPort or a MessagePort";
  return invalidArgument(`Cannot ${action} an endpoint: it must be ${rule}`, value);
}

/** The error for an argument that cannot be right, with the code that Node uses. */
export function invalidArgument(rule: string, value: unknown): TypeError {
  const error = new TypeError(`${rule}, not ${inspect(value, { depth: -1 })}`);
  return Object.assign(error, { code: 'ERR_INVALID_ARG_VALUE' });
}
