import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { threadId } from '../../src/linux/interrupt.ts';
import type { Random } from './random.ts';
import { CODE } from './under-attack.ts';

/** Makes messages that resemble those of a client, with something wrong in most of them. */
export class Fuzz {
  readonly #random: Random;
  readonly #files: readonly string[];
  /** Ports that are to go along with the message made last. */
  transfer: MessagePort[] = [];
  /** The other ends of all ports made so far. */
  readonly ends: MessagePort[] = [];

  /** `files` are those that may be locked. */
  constructor(random: Random, files: readonly string[]) {
    this.#random = random;
    this.#files = files;
  }

  /** A call of comlink, more or less. */
  call(): unknown {
    this.transfer = [];
    return this.#spoil({
      id: `fuzz-${this.#random.next()}`,
      type: this.#random.pick(['APPLY', 'APPLY', 'APPLY', 'GET', 'SET', 'CONSTRUCT', 'ENDPOINT']),
      path: [this.#random.pick(['exchange', 'exchange', 'exchange', 'settled', 'hello', 'prove'])],
      argumentList: [{
        type: 'RAW',
        value: this.#random.pick<() => unknown>([
          () => Array.from({ length: 1 + Math.floor(this.#random.next() * 4) }, () => this.#op()),
          () => this.#id(),
        ])(),
      }],
      value: { type: 'RAW', value: 'polluted' },
    });
  }

  /** A knock, more or less. */
  knock(): unknown {
    this.transfer = [];
    return this.#spoil({
      reflock: 'connect',
      thread: this.#random.pick([threadId(), 1, -1, 0.5]),
      port: this.#port(),
    });
  }

  #op(): unknown {
    const { pick } = { pick: this.#random.pick.bind(this.#random) };
    const range = { start: pick([0, 5]), length: pick([0, 3]) };
    const mode = pick(['shared', 'exclusive']);
    const want = {
      path: pick(this.#files),
      dirfd: pick([-100, -100, 1, 2 ** 31 - 1]),
      mode,
      create: pick([true, false]),
      beneath: pick([true, false, false]),
      kind: pick(['auto', 'auto', 'ofd', 'process']),
      range,
    };
    return pick<unknown>([
      this.#id(),
      { do: pick(['lock', 'lock', 'try']), id: this.#id(), want },
      {
        do: 'adopt',
        id: this.#id(),
        fd: Math.floor(this.#random.next() * 40),
        as: { mode, range },
      },
      { do: 'upgrade', id: this.#id(), lock: this.#id() },
      { do: 'order', id: this.#id(), wants: [want, { ...want, path: pick(this.#files) }] },
      { do: pick(['query', 'stats']), id: this.#id() },
      { do: 'abort', request: this.#id() },
      { do: pick(['changed', 'released', 'detached']), lock: this.#id(), mode },
    ]);
  }

  /** Few, so that they meet. */
  #id(): number {
    return 1 + Math.floor(this.#random.next() * 12);
  }

  /** Puts something else in up to three places, or nowhere. */
  #spoil(message: object): unknown {
    let spoilt: unknown = message;
    for (let times = Math.floor(this.#random.next() * 4); times > 0; times--) {
      spoilt = this.#replace(spoilt);
    }
    return spoilt;
  }

  #replace(value: unknown): unknown {
    const isPlain = typeof value === 'object' && value !== null &&
      [Object.prototype, Array.prototype].includes(Object.getPrototypeOf(value));
    const keys = isPlain ? Object.keys(value) : [];
    if (keys.length === 0 || keys.length > 100 || this.#random.next() < 0.1) {
      return this.#anything();
    }
    const key = this.#random.pick(keys);
    if (this.#random.next() < 0.05) Reflect.deleteProperty(value as object, key);
    else Reflect.set(value as object, key, this.#replace(Reflect.get(value as object, key)));
    return value;
  }

  #anything(): unknown {
    return this.#random.pick<() => unknown>([
      ...[undefined, null, true, false, 0, -0, -1, 0.5, NaN, -Infinity, 2 ** 53, 1e308, 10n ** 30n]
        .map((value) => () => value),
      ...[
        '',
        'x',
        '0',
        '\0',
        '\ud800',
        '__proto__',
        'constructor',
        'prototype',
        'apply',
        'then',
        CODE,
      ]
        .map((value) => () => value),
      ...['GET', 'SET', 'APPLY', 'CONSTRUCT', 'HANDLER', 'proxy', 'throw'].map((value) => () =>
        value
      ),
      () => 'x'.repeat(100_000),
      () => [],
      () => ['constructor', 'constructor'],
      () => ['__proto__', '__proto__', 'polluted'],
      () => new Array(10_000),
      () => Array.from({ length: 1000 }, () => 1),
      () => ({}),
      () => ({ length: 3, 0: 'hello' }),
      () => ({ toString: 1, valueOf: 2, then: 3, constructor: { name: 'MessagePort' } }),
      () =>
        JSON.parse('{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}'),
      () => {
        const cyclic: Record<string, unknown> = { do: 'lock' };
        return cyclic['want'] = cyclic;
      },
      () => new Map<unknown, unknown>([['type', 'APPLY'], ['__proto__', 1]]),
      () => new Set(['polluted']),
      () => new Date(NaN),
      () => /x/g,
      () => new TypeError('x'),
      () => new Float64Array(3),
      () => new ArrayBuffer(100),
      () => new Int32Array(new SharedArrayBuffer(64)),
      () => new DataView(new ArrayBuffer(3)),
      () => ({ type: 'HANDLER', name: 'proxy', value: this.#port() }),
      () => ({ type: 'HANDLER', name: 'throw', value: { isError: true, value: null } }),
      () => this.#port(),
    ])();
  }

  #port(): MessagePort {
    const { port1, port2 } = new MessageChannel();
    this.transfer.push(port2);
    this.ends.push(port1);
    return port2;
  }
}
