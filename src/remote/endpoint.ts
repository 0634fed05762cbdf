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

/** Calls back with each message that arrives. */
export function listen(endpoint: ListeningEndpoint, listener: (message: unknown) => void): void {
  // A `Worker` of Node knows no events, and on Deno the port of a thread has no `on()`.
  if (!('addEventListener' in endpoint)) return void endpoint.on('message', listener);
  endpoint.addEventListener('message', ({ data }) => listener(data));
  endpoint.start?.();
}
