import { type MessagePort, Worker } from 'node:worker_threads';
import { within } from './eventually.ts';

/** What a client is told to do. */
export interface Order {
  readonly do: 'take' | 'take all' | 'wait' | 'detach' | 'compute' | 'exit' | 'throw' | 'end';
  readonly path: string;
}

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';

/** A thread that runs `fixtures/client.ts`. */
export class ClientThread {
  readonly worker: Worker;
  readonly ended: Promise<void>;
  readonly #said: string[] = [];
  #heard = (): void => {};

  /** `port` leads to the engine; without it, the worker itself does. */
  constructor(port?: MessagePort) {
    const program = new URL(`../fixtures/client.${extension}`, import.meta.url);
    // What a client that crashes says of itself is no failure of the test.
    this.worker = new Worker(program, {
      workerData: port,
      stderr: true,
      ...(port !== undefined && { transferList: [port] }),
    });
    this.worker.on('error', () => {});
    this.ended = new Promise((resolve) => this.worker.on('exit', () => resolve()));
    this.worker.on('message', (text) => {
      if (typeof text === 'string') this.#said.push(text);
      this.#heard();
    });
  }

  /** Tells it to do something. */
  tell(order: Order['do'], path = ''): void {
    this.worker.postMessage({ do: order, path });
  }

  /** Has it take a lock. */
  async take(path: string): Promise<void> {
    this.tell('take', path);
    await this.says(`took ${path}`);
  }

  /** Returns when it has said this. */
  async says(text: string | RegExp): Promise<string> {
    const find = (): string | undefined => this.#said.find((said) => said.match(text));
    await within(
      10_000,
      `${text} from a client`,
      new Promise<void>((resolve) => {
        this.#heard = () => find() !== undefined && resolve();
        this.#heard();
      }),
    );
    return find()!;
  }
}
