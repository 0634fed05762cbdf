import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { threadId } from '../../src/linux/interrupt.ts';
import type { Endpoint } from '../../src/remote/mod.ts';
import type { Answer, Hello, Op } from '../../src/remote/protocol.ts';
import { within } from './eventually.ts';

/** An answer of comlink, as it comes over the port. */
export interface RawAnswer {
  readonly type: string;
  readonly name?: string;
  // deno-lint-ignore no-explicit-any
  readonly value: any;
}

/** A client that keeps to no protocol: it posts what it likes, and hears what comes back. */
export class RawClient {
  readonly port: MessagePort;
  /** What has come that nobody asked for. */
  readonly unasked: unknown[] = [];
  readonly #waiting = new Map<string, (answer: RawAnswer) => void>();
  #last = 0;

  constructor(endpoint: Endpoint) {
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    port1.on('message', (answer) => {
      const resolve = this.#waiting.get(answer?.id);
      if (resolve === undefined) this.unasked.push(answer);
      else resolve(answer);
    });
    endpoint.postMessage({ reflock: 'connect', thread: threadId(), port: port2 }, [port2]);
  }

  /** Posts a message with an id of its own, and gives the answer. */
  async ask(message: object, transfer: MessagePort[] = []): Promise<RawAnswer> {
    const id = `raw-${++this.#last}`;
    const answered = new Promise<RawAnswer>((resolve) => this.#waiting.set(id, resolve));
    this.port.postMessage({ id, ...message }, transfer);
    return await within(10_000, `an answer to ${id}`, answered);
  }

  /** Calls a method as comlink does. */
  async call(name: string, ...args: unknown[]): Promise<RawAnswer> {
    const argumentList = args.map((value) => ({ type: 'RAW', value }));
    return await this.ask({ type: 'APPLY', path: [name], argumentList });
  }

  async hello(): Promise<Hello> {
    return (await this.call('hello')).value;
  }

  /** What the owner answers to each of the ops. */
  async exchange(...ops: readonly Op[]): Promise<Answer[]> {
    return (await this.call('exchange', ops)).value;
  }

  /** Returns when the owner has seen all that was posted before. */
  async fence(): Promise<void> {
    await this.exchange({ do: 'stats', id: 1_000_000 });
  }

  /** Lets go as comlink does, and returns when that has been heard. */
  async release(): Promise<void> {
    await this.ask({ type: 'RELEASE' });
    this.port.close();
  }
}

/** Whether comlink or the guard has answered with an error. */
export function isRefusal({ type, name, value }: RawAnswer): boolean {
  return type === 'HANDLER' && name === 'throw' && value.isError === true;
}

/** The code or, where it has none, the type of the error that an op was answered with. */
export function failureOf(answer: Answer | undefined): string | undefined {
  if (typeof answer !== 'object' || answer.is !== 'failed') return undefined;
  const { type, details } = answer.failure;
  return details.code ?? type;
}
