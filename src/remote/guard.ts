import type { Endpoint } from 'comlink';
import { readCall, readCallId } from './check-message.ts';

type Listener = Parameters<Endpoint['addEventListener']>[1];

/**
 * A client's port as comlink is given it: only calls of the protocol come in. Anything else that can be
 * answered is answered with an error, and what cannot be is dropped.
 */
export class Guard implements Endpoint {
  readonly #port: Endpoint;
  #listener: Listener | undefined;

  constructor(port: Endpoint) {
    this.#port = port;
  }

  addEventListener(_type: string, listener: Listener): void {
    const heard = listener as unknown as (event: { data: unknown }) => void;
    this.#listener = (event: unknown) => {
      const { data } = event as { data: unknown };
      const id = readCallId(data);
      if (id === undefined) return;
      try {
        heard({ data: readCall(id, data) });
      } catch (error) {
        this.#refuse(id, error as Error);
      }
    };
    this.#port.addEventListener('message', this.#listener);
  }

  removeEventListener(): void {
    this.#port.removeEventListener('message', this.#listener!);
  }

  postMessage(...message: Parameters<Endpoint['postMessage']>): void {
    this.#port.postMessage(...message);
  }

  start(): void {
    this.#port.start!();
  }

  /** Answers as comlink does when a method has thrown. */
  #refuse(id: string, { name, message }: Error): void {
    const value = { isError: true, value: { name, message } };
    this.postMessage({ id, type: 'HANDLER', name: 'throw', value });
  }
}
