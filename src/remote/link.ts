import { setInterval } from 'node:timers';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { type Endpoint as ComlinkEndpoint, releaseProxy, type Remote, wrap } from 'comlink';
import { isThreadAlive, threadId } from '../linux/interrupt.ts';
import type { Endpoint } from './endpoint.ts';
import type { Answer, Hello, Knock, Op, Outcome, Request, Service } from './protocol.ts';
import { MOST_AT_ONCE, toOutcome } from './protocol.ts';
import { readSecret } from './secret.ts';

/** How often the owner is looked for while it owes an answer, in milliseconds. */
const INTERVAL = 100;

/** Something that was asked or told, until it has been answered or acknowledged. */
export interface Asked {
  readonly op: Op;
  /** Called with what came of it: first, as the case may be, that it has to wait. */
  answered(outcome: Outcome): void;
  /** Called when the owner's thread has ended instead. */
  lost(): void;
}

/** The owner, as soon as it has answered. */
interface Owner extends Hello {
  readonly port: MessagePort;
  readonly service: Remote<Service>;
  readonly exchange: Remote<Service>['exchange'];
}

/** A knock, of which nobody can tell whether it was heard. */
type Knocked = Pick<Owner, 'port' | 'service'>;

/** A client's way to the thread that has the engine. */
export class Link {
  readonly #endpoint: Endpoint;
  readonly #knocked: Knocked[] = [];
  #owner: Owner | undefined;
  /** Its thread was gone at the last look. */
  #gone = false;
  #lost = false;
  #looks = 0;
  /** What is to be sent with the next call. */
  #batch: Asked[] = [];
  /** What has been sent or is to be sent. */
  readonly #asked = new Set<Asked>();
  #lastId = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
    this.#knock();
  }

  /** For `hollowOut()`, or `undefined` when there is no owner to close what is left. */
  get nothing(): number | undefined {
    return this.#lost ? undefined : this.#owner?.nothing;
  }

  /** A number for something that is to be asked. */
  newId(): number {
    return ++this.#lastId;
  }

  /** Sends it within this turn of the event loop, with all that is asked in the same turn. */
  send(asked: Asked): void {
    if (this.#lost) return asked.lost();
    this.#asked.add(asked);
    this.#keepAlive();
    const length = this.#batch.push(asked);
    if (length === 1) queueMicrotask(() => this.flush());
    else if (length === MOST_AT_ONCE) this.flush();
  }

  /** Sends at once what has been asked. */
  flush(): void {
    const owner = this.#owner;
    if (owner === undefined) return;
    while (this.#batch.length > 0) this.#exchange(owner, this.#batch.splice(0, MOST_AT_ONCE));
  }

  #exchange(owner: Owner, batch: readonly Asked[]): void {
    owner.exchange(batch.map(({ op }) => op)).then((answers) => {
      for (const [index, asked] of batch.entries()) this.#answer(asked, answers[index]);
    });
  }

  /** Takes back what has not been sent yet. */
  withdraw(asked: Asked): boolean {
    const index = this.#batch.indexOf(asked);
    if (index === -1) return false;
    this.#batch.splice(index, 1);
    this.#done(asked);
    return true;
  }

  #answer(asked: Asked, answer: Answer | undefined): void {
    const { op } = asked;
    const outcome = answer === undefined ? undefined : toOutcome(answer, op);
    if (outcome?.is !== 'waiting') this.#done(asked);
    if (outcome !== undefined) asked.answered(outcome);
    if (outcome?.is !== 'waiting') return;
    const { id } = op as Request;
    this.#owner!.service.settled(id).then((answer) => this.#answer(asked, answer));
  }

  #knock(): void {
    const { port1, port2 } = new MessageChannel();
    const knocked = { port: port1, service: wrap<Service>(port1 as unknown as ComlinkEndpoint) };
    this.#knocked.push(knocked);
    const knock: Knock = { reflock: 'connect', thread: threadId(), port: port2 };
    this.#endpoint.postMessage(knock, [port2]);
    knocked.service.hello().then((hello) => this.#open(knocked, hello));
    // An answer is waited for by the timer, as long as there is something to ask.
    port1.unref();
  }

  #open({ port, service }: Knocked, hello: Hello): void {
    if (this.#owner !== undefined || this.#lost) return;
    // Those that were heard too have the owner keep something ready for nobody.
    for (const other of this.#knocked) if (other.port !== port) other.service[releaseProxy]();
    this.#knocked.length = 0;
    service.prove(readSecret(hello.secret));
    this.#owner = { ...hello, port, service, exchange: service.exchange };
    this.flush();
  }

  #done(asked: Asked): void {
    this.#asked.delete(asked);
    if (this.#asked.size === 0) this.#timer?.unref();
  }

  #keepAlive(): void {
    if (this.#asked.size > 1) return;
    if (this.#timer !== undefined) this.#timer.ref();
    else this.#timer = setInterval(() => this.#look(), INTERVAL);
  }

  #look(): void {
    if (this.#asked.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    } else if (this.#owner === undefined) {
      // The other side may not have listened yet, and a `Worker` keeps no message for later; or it
      // is busy, and hears all of them at once, so they are not to be many.
      this.#looks++;
      if ((this.#looks & (this.#looks - 1)) === 0 || this.#looks % 16 === 0) this.#knock();
    } else if (this.#gone) {
      this.#lose();
    } else {
      // Between two looks arrives what the thread has posted before its end.
      this.#gone = !isThreadAlive(this.#owner.thread);
    }
  }

  #lose(): void {
    this.#lost = true;
    clearInterval(this.#timer);
    this.#owner!.port.close();
    this.#batch = [];
    const asked = [...this.#asked];
    this.#asked.clear();
    for (const each of asked) each.lost();
  }
}
