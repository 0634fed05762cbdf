// Clients that keep to no protocol. What is looked at after each attack is in `support/under-attack.ts`.

import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { MessageChannel } from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LockEngine, type LockError, tryLock } from '../../src/mod.ts';
import { connectEngine, exposeEngine } from '../../src/remote/mod.ts';
import type { Op } from '../../src/remote/protocol.ts';
import { readSecret } from '../../src/remote/secret.ts';
import { within } from '../support/eventually.ts';
import { openFds } from '../support/open-fds.ts';
import { start } from '../support/process.ts';
import { failureOf, isRefusal, RawClient } from '../support/raw-client.ts';
import { rejection } from '../support/rejection.ts';
import { isFree } from '../support/reflock.ts';
import { runtime, scriptCommand } from '../support/runtime.ts';
import { newFile, newPath } from '../support/temp.ts';
import { CODE, underAttack } from '../support/under-attack.ts';

/** A want as an honest client sends it. */
function wantOf(path: string, more: object = {}) {
  const range = { start: 0, length: 0 };
  const rest = { dirfd: -100, create: false, beneath: false, kind: 'auto', range };
  return { path, mode: 'exclusive', ...rest, ...more } as never;
}

const raw = (value: unknown) => ({ type: 'RAW', value });
const shared = { mode: 'shared' } as const;
const expectIn = (answer: unknown, what: RegExp) => assert.match(JSON.stringify(answer), what);

for (
  const path of [
    ['constructor', 'constructor'],
    ['exchange', 'constructor'],
    ['__proto__', 'exchange', 'constructor'],
  ]
) {
  for (const type of ['CONSTRUCT', 'APPLY', 'GET']) {
    test(`${type} of ${JSON.stringify(path)} runs no code`, () =>
      underAttack(async ({ attacker }) => {
        const answer = await attacker.ask({ type, path, argumentList: [raw(CODE)] });
        // comlink has made a function of the code, which is called over a port of its own.
        if (answer.name === 'proxy') {
          answer.value.postMessage({ id: 'run', type: 'APPLY', path: [], argumentList: [] });
          await new Promise((resolve) => answer.value.once('message', resolve));
          answer.value.close();
        }
        assert.ok(isRefusal(answer), JSON.stringify(answer));
      }));
  }
}

for (
  const path of [
    ['__proto__', 'polluted'],
    ['__proto__', '__proto__', 'polluted'],
    ['constructor', 'prototype', 'polluted'],
    ['exchange', '__proto__', 'polluted'],
    ['exchange'],
  ]
) {
  test(`SET of ${JSON.stringify(path)} changes nothing`, () =>
    underAttack(async ({ attacker }) => {
      const answer = await attacker.ask({ type: 'SET', path, value: raw('polluted') });
      assert.ok(isRefusal(answer), JSON.stringify(answer));
      await attacker.fence();
    }));
}

test('ENDPOINT makes no port, and nor does a call of what no client calls', () =>
  underAttack(async ({ attacker }) => {
    assert.ok(isRefusal(await attacker.ask({ type: 'ENDPOINT' })));
    for (const name of ['end', 'size', 'toString', 'constructor', '__proto__', '', 'hello ']) {
      assert.ok(isRefusal(await attacker.call(name)), name);
    }
    await attacker.fence();
  }));

test("an argument that comlink's handlers would make something of is refused", () =>
  underAttack(async ({ attacker }) => {
    const error = { isError: true, value: { message: 'x', name: 'x', stack: 'x' } };
    for (const path of [['exchange'], ['settled'], ['prove']]) {
      for (
        const argument of [
          { type: 'HANDLER', name: 'throw', value: error },
          { type: 'HANDLER', name: 'throw', value: null },
          { type: 'HANDLER', name: 'no such', value: 1 },
          { type: 'HANDLER', name: 'proxy', value: 1 },
          { type: 'HANDLER' },
          { type: 'MORE', value: [] },
          null,
          3,
        ]
      ) {
        const answer = await attacker.ask({ type: 'APPLY', path, argumentList: [argument] });
        assert.ok(isRefusal(answer), JSON.stringify({ path, argument, answer }));
      }
      const { port1, port2 } = new MessageChannel();
      const argumentList = [{ type: 'HANDLER', name: 'proxy', value: port2 }];
      assert.ok(isRefusal(await attacker.ask({ type: 'APPLY', path, argumentList }, [port2])));
      port1.close();
    }
  }));

const id = 1;
const file = newFile();
// A list with holes only, which JavaScriptCore sends one by one.
const holes = new Array(runtime === 'bun' ? 100_000 : 2 ** 32 - 1);
const cyclic: unknown[] = [];
cyclic.push(cyclic);
// The text of it would have 2 ** 60 commas.
const endless = Array.from({ length: 60 }).reduce<unknown[]>((list) => [list, list], []);
const own = JSON.parse('{"__proto__": {"polluted": true, "is": "busy"}}');

const malformed: Record<string, unknown> = {
  'no list': null,
  'a text': 'lock',
  'a map': new Map([[0, { do: 'query', id }]]),
  'bytes': new Uint8Array(100),
  'shared memory': new SharedArrayBuffer(8),
  'holes': holes,
  'a cycle': cyclic,
  'more than is asked at once': Array.from({ length: 65 }, () => ({ do: 'query', id })),
  'an op that is none': [{ do: 'end', id }],
  'an op without a name': [{}],
  'an own __proto__': [own],
  'a list as op': [[1]],
  'an id of 0': [0],
  'an id that is no number': [{ do: 'lock', id: '1', want: wantOf(file) }],
  'an id that is not whole': [{ do: 'query', id: 1.5 }],
  'an id that is not a number': [NaN],
  'a big id': [{ do: 'query', id: 2 ** 53 }],
  'a bigint': [{ do: 'query', id: 1n }],
  'no want': [{ do: 'lock', id }],
  'an endless wants': [{ do: 'order', id, wants: holes }],
  'no wants': [{ do: 'order', id, wants: {} }],
  'a mode of news': [{ do: 'changed', lock: 1, mode: 'none' }],
  'a lock of news': [{ do: 'released', lock: null, mode: 'shared' }],
  'an abort of nothing': [{ do: 'abort' }],
  'an upgrade of nothing': [{ do: 'upgrade', id, lock: {} }],
  'an fd that is none': [{ do: 'adopt', id, fd: -1, as: shared }],
  'an fd that is an object': [{ do: 'adopt', id, fd: { valueOf: 1 }, as: shared }],
  'no adoption': [{ do: 'adopt', id, fd: 9 }],
  'a mode of adoption': [{ do: 'adopt', id, fd: 9, as: { mode: endless } }],
};

const wants: Record<string, object> = {
  'a path with NUL': { path: `${file}\0` },
  'a path that is none': { path: 7 },
  'a mode that is too long': { mode: 'x'.repeat(30_000_000) },
  'a directory that takes long to write': { dirfd: 1n << 100_000_000n },
  'a range that takes long to write': { range: { start: 1n << 100_000_000n, length: 0 } },
  'a path that is an object': { path: { toString: null } },
  'a mode': { mode: 'none' },
  'a mode that is endless': { mode: endless },
  'a mode of own': { mode: own },
  'create': { create: 1 },
  'beneath': { beneath: 'yes' },
  'a kind': { kind: 'flock' },
  'a directory that is none': { dirfd: -1 },
  'a directory that is half': { dirfd: 0.5 },
  'a directory that is a list': { dirfd: endless },
  'a range': { range: 3 },
  'a range of nothing': { range: {} },
  'a negative range': { range: { start: -1, length: 0 } },
  'a range beyond all': { range: { start: 2 ** 53 - 1, length: 2 } },
  'a range of texts': { range: { start: '0', length: 0 } },
  'a range of lists': { range: { start: endless, length: cyclic } },
  'a file': { file: 'x' },
  'a file that is none': { file: 3 },
  'a long file': { file: `1:2:${'3'.repeat(1000)}` },
};
for (const [what, more] of Object.entries(wants)) {
  malformed[`${what} in lock`] = [{ do: 'lock', id, want: wantOf(file, more) }];
  malformed[`${what} in try`] = [{ do: 'try', id, want: wantOf(file, more) }];
  malformed[`${what} in order`] = [{ do: 'order', id, wants: [wantOf(file, more)] }];
}

test('a call of a wrong shape is answered with an error, and does nothing', () =>
  underAttack(async ({ attacker, engine }) => {
    const { grants } = engine.stats();
    for (const [what, ops] of Object.entries(malformed)) {
      assert.ok(isRefusal(await attacker.call('exchange', ops)), what);
      // What comes with it is not done either.
      if (!Array.isArray(ops) || ops.length > 1) continue;
      const mixed = [{ do: 'lock', id: 2, want: wantOf(file) }, ...ops];
      assert.ok(isRefusal(await attacker.call('exchange', mixed)), what);
    }
    for (const wrong of [undefined, null, {}, [], '1', -1, holes, own]) {
      assert.ok(isRefusal(await attacker.call('settled', wrong)), 'settled');
    }
    for (const wrong of [undefined, null, {}, 1, 'x'.repeat(1000), new Uint8Array(16)]) {
      assert.ok(isRefusal(await attacker.call('prove', wrong)), 'prove');
    }
    const type = 'APPLY';
    for (const path of [undefined, null, 'hello', {}, [], [['hello']], ['hello', 'x'], holes]) {
      assert.ok(isRefusal(await attacker.ask({ type, path, argumentList: [] })), 'path');
    }
    for (const argumentList of [null, 'x', {}, { map: 1 }, holes, [raw(1), raw(2)]]) {
      const answer = await attacker.ask({ type, path: ['settled'], argumentList });
      assert.ok(isRefusal(answer), 'arguments');
    }
    for (const type of [undefined, null, 'RELEASED', {}, holes, 'toString']) {
      assert.ok(isRefusal(await attacker.ask({ type, path: ['hello'] })), 'type');
    }
    assert.is(engine.stats().grants, grants);
    assert.ok(isFree(file));
  }));

test('a path that is far too long keeps the owner from nothing', () =>
  underAttack(async ({ attacker, engine }) => {
    const path = `/${'x'.repeat(30_000_000)}`;
    const began = performance.now();
    await attacker.call('exchange', [{ do: 'lock', id, want: wantOf(path) }]);
    assert.ok(performance.now() - began < 5000);
    assert.equal(engine.query().pending, []);
  }));

test('a call that cannot be answered is dropped', () =>
  underAttack(async ({ attacker }) => {
    for (
      const message of [
        ...[null, undefined, 0, 7, true, 'APPLY', [], {}, holes, own, 10n, new Map(), new Date()],
        ...[null, 7, '', {}, 'x'.repeat(1e6)].map((id) => ({ id, type: 'GET', path: [null] })),
        { type: 'RELEASE' },
        { type: 'APPLY', path: ['exchange'], argumentList: [{ type: 'HANDLER', name: 'x' }] },
      ]
    ) {
      attacker.port.postMessage(message);
    }
    await attacker.fence();
    const answered = attacker.unasked.filter((answer) => !Object.is(Object(answer), null));
    assert.ok(answered.every((answer) => (answer as { id: unknown }).id === ''));
  }));

test('a knock of a wrong shape is not answered', () =>
  underAttack(async ({ endpoint, attacker }) => {
    const threads = [undefined, null, 0, -1, 1.5, NaN, Infinity, 2 ** 31, '1', {}, [], 1n];
    const answers: unknown[] = [];
    const ports = threads.map((thread) => {
      const { port1, port2 } = new MessageChannel();
      endpoint.postMessage({ reflock: 'connect', thread, port: port2 }, [port2]);
      port1.on('message', (answer) => answers.push(answer));
      port1.postMessage({ id: 'x', type: 'APPLY', path: ['hello'], argumentList: [] });
      return port1;
    });
    const port = { postMessage: 1, close: null, start: 'x', unref: {} };
    for (const wrong of [undefined, null, 0, 'x', {}, [], port, own, holes, new Map(), cyclic]) {
      endpoint.postMessage({ reflock: 'connect', thread: 1, port: wrong });
    }
    for (const wrong of [null, undefined, 7, 'connect', [], holes, own, { reflock: own }]) {
      endpoint.postMessage(wrong);
    }
    const next = new RawClient(endpoint);
    await next.hello();
    await attacker.fence();
    assert.equal(answers, []);
    for (const port of ports) port.close();
    await next.release();
  }));

/** An adoption of a descriptor, and its release, as an attacker asks for it. */
async function adoptAndClose(attacker: RawClient, fd: number): Promise<string | undefined> {
  const [answer] = await attacker.exchange(
    { do: 'adopt', id: 70, fd, as: shared },
    { do: 'released', lock: 70, mode: 'shared' },
  );
  return failureOf(answer);
}

/** The owner's own descriptors: what it talks over, and a file that it has read. */
function ownersFile(): { fd: number; isIntact: () => boolean } {
  const path = newFile();
  writeFileSync(path, 'contents');
  const fd = openSync(path, 'r');
  const open = openFds('/').filter((line) => /^[012] /.test(line));
  const isIntact = (): boolean =>
    readFileSync(`/proc/self/fd/${fd}`, 'utf8') === 'contents' &&
    openFds('/').filter((line) => /^[012] /.test(line)).join() === open.join();
  return { fd, isIntact };
}

test('adopt closes no descriptor for a client that has proved nothing', () =>
  underAttack(async ({ attacker, engine }) => {
    const { fd, isIntact } = ownersFile();
    const held = engine.tryLock(newFile(), shared)!;
    const all = [0, 1, 2, fd, held.fd, 2 ** 31 - 1];
    for (const each of all) {
      assert.is(await adoptAndClose(attacker, each), 'ERR_LOCK_UNSUPPORTED', String(each));
    }
    // One try, and a wrong one.
    const { secret } = await attacker.hello();
    await attacker.call('prove', 'f'.repeat(32));
    await attacker.call('prove', readSecret(secret));
    for (const each of all) {
      assert.is(await adoptAndClose(attacker, each), 'ERR_LOCK_UNSUPPORTED', String(each));
    }
    assert.ok(isIntact());
    assert.is(held.fd > 2, true);
    assert.not(isFree(held.path));
    held.release();
    closeSync(fd);
  }));

test('adopt is for clients that read the secret in memory, and for none with `adopt: false`', async () => {
  for (const adopt of [true, false]) {
    await underAttack(async ({ attacker, endpoint }) => {
      const path = newFile();
      const fd = tryLock(path, shared)!.detach();
      const { secret } = await attacker.hello();
      await attacker.call('prove', readSecret(secret));
      const [answer] = await attacker.exchange({ do: 'adopt', id: 5, fd, as: shared });
      if (adopt) {
        assert.is(failureOf(answer), undefined);
        await attacker.exchange({ do: 'released', lock: 5, mode: 'shared' });
        assert.ok(isFree(path));
        return;
      }
      assert.is(failureOf(answer), 'ERR_LOCK_UNSUPPORTED');
      const client = connectEngine(endpoint);
      const error = await rejection(client.adoptLock(fd, shared));
      assert.is(error.code, 'ERR_LOCK_UNSUPPORTED');
      assert.match(error.message, /^Cannot adopt fd \d+: the engine's thread allows that to no/);
      assert.not(isFree(path), "it is the caller's");
      const ours = new LockEngine();
      ours.adoptLock(fd, shared).release();
    }, { adopt });
  }
});

test('the secret of one client is not that of another', () =>
  underAttack(async ({ attacker, endpoint }) => {
    const { fd, isIntact } = ownersFile();
    const other = new RawClient(endpoint);
    const told = readSecret((await other.hello()).secret);
    await attacker.call('prove', told);
    assert.is(await adoptAndClose(attacker, fd), 'ERR_LOCK_UNSUPPORTED');
    assert.ok(isIntact());
    closeSync(fd);
    await other.release();
  }));

test('a number that is in use is refused, and what has it stays held', () =>
  underAttack(async ({ attacker, engine }) => {
    const [a, b] = [newFile(), newFile()];
    const lock = (path: string): Op => ({ do: 'lock', id: 3, want: wantOf(path, shared) });
    const busy: Op = { do: 'lock', id: 4, want: wantOf(a) };
    const upgrade: Op = { do: 'upgrade', id: 4, lock: 3 };
    const again: Op = { do: 'try', id: 3, want: wantOf(b) };
    const answers = await attacker.exchange(lock(a), lock(b), again, busy, busy, upgrade);
    assert.type(answers[0], 'number');
    expectIn(answers[3], /^{"is":"waiting"/);
    for (const index of [1, 2, 4, 5]) assert.is(failureOf(answers[index]), 'RangeError');
    assert.equal(engine.query().held.filter(({ path }) => path === a).length, 1);
    assert.ok(isFree(b));
    // After its end the number is free.
    const more = await attacker.exchange({ do: 'abort', request: 4 }, { ...upgrade, id: 3 });
    assert.is(failureOf(more[1]), 'RangeError');
    expectIn(await attacker.call('settled', 4), /"AbortError|aborted/);
    assert.type((await attacker.exchange(3, { ...busy, id: 3 }))[1], 'number');
  }));

test('what is said of a lock or a wait that there is not is refused, or does nothing', () =>
  underAttack(async ({ attacker, engine, honest }) => {
    const theirs = await honest.lock(newFile());
    const [upgrade, ...news] = await attacker.exchange(
      { do: 'upgrade', id: 8, lock: 1 },
      1,
      { do: 'released', lock: 1, mode: 'shared' },
      { do: 'changed', lock: 2, mode: 'shared' },
      { do: 'detached', lock: 1, mode: 'exclusive' },
      { do: 'abort', request: 1 },
    );
    assert.is(failureOf(upgrade), 'RangeError');
    assert.equal(news, [undefined, undefined, undefined, undefined, undefined]);
    for (const id of [1, 8, 2 ** 53 - 1]) {
      assert.ok(isRefusal(await attacker.call('settled', id)), String(id));
    }
    assert.not(isFree(theirs.path), 'numbers are of one client');
    theirs.release();
    // A wait is told once.
    const path = newFile();
    const held = engine.tryLock(path)!;
    await attacker.exchange({ do: 'lock', id: 9, want: wantOf(path) });
    const first = attacker.call('settled', 9);
    assert.ok(isRefusal(await attacker.call('settled', 9)));
    held.release();
    assert.type((await first).value, 'number');
    assert.ok(isRefusal(await attacker.call('settled', 9)));
  }));

test('a lock of the kind process is not lost when a client says that it is detached', () =>
  underAttack(async ({ attacker, engine }) => {
    const path = newFile();
    await attacker.exchange(
      { do: 'lock', id: 1, want: wantOf(path, { kind: 'process' }) },
      { do: 'detached', lock: 1, mode: 'exclusive' },
    );
    assert.is(engine.query().held.filter((held) => held.path === path).length, 1);
    await attacker.exchange(1);
    assert.is(engine.query().held.filter((held) => held.path === path).length, 0);
  }));

test('clients of an endpoint have no more locks and waits than are allowed to them', async () => {
  await underAttack(async ({ attacker, endpoint, honest, engine }) => {
    const paths = Array.from({ length: 4 }, newFile);
    const held = engine.tryLock(paths[3]!)!;
    const lock = (id: number, path = paths[id - 1]!): Op => ({
      do: 'lock',
      id,
      want: wantOf(path, { create: true }),
    });
    const answers = await attacker.exchange(lock(1), lock(2), lock(4), lock(3));
    assert.type(answers[1], 'number');
    expectIn(answers[2], /^{"is":"waiting"/);
    assert.is(failureOf(answers[3]), 'ERR_LOCK_LIMIT');
    const other = new RawClient(endpoint);
    const path = newPath();
    const refused = await other.exchange(
      lock(1, path),
      { do: 'try', id: 2, want: wantOf(path, { create: true }) },
      { do: 'order', id: 3, wants: [wantOf(path, { create: true })] },
      { do: 'adopt', id: 4, fd: held.fd, as: shared },
    );
    for (const answer of refused) assert.is(failureOf(answer), 'ERR_LOCK_LIMIT');
    assert.not(existsSync(path), 'nothing was created');
    const client = connectEngine(endpoint);
    const { code, message } = await rejection(client.lock(path, { create: true }));
    assert.is(code, 'ERR_LOCK_LIMIT');
    assert.match(message, /allows its clients here no more than 3 locks and waits$/);
    const elsewhere = await honest.lock(paths[2]!);
    elsewhere.release();
    // What ends makes room, and so does the end of a client.
    await attacker.exchange(1);
    (await client.lock(path, { create: true })).release();
    await client.query();
    assert.type((await other.exchange(lock(1)))[0], 'number');
    await other.release();
    assert.type((await attacker.exchange(lock(1)))[0], 'number');
    const [upgrade] = await attacker.exchange({ do: 'upgrade', id: 7, lock: 1 });
    assert.is(failureOf(upgrade), 'ERR_LOCK_LIMIT');
    held.release();
  }, { maxLocks: 3 });
});

test('an endpoint has no more than 1,024 clients at a time', () =>
  underAttack(async ({ endpoint, attacker }) => {
    const many = Array.from({ length: 1023 }, () => new RawClient(endpoint));
    await many.at(-1)!.hello();
    const late = new RawClient(endpoint);
    const hello = { id: 'late', type: 'APPLY', path: ['hello'], argumentList: [] };
    late.port.postMessage(hello);
    await attacker.fence();
    await Promise.all(many.map((client) => client.release()));
    const next = new RawClient(endpoint);
    await next.hello();
    await next.release();
    assert.equal(late.unasked, [], 'its port was closed, so that it knocks again');
    late.port.close();
  }));

test('a worker of Deno without permissions gets locks of files, and no more', async () => {
  const path = newFile();
  writeFileSync(path, 'contents');
  const script = 'test/fixtures/owner-of-unprivileged.ts';
  const flags = ['--allow-all', '--unstable-worker-options'];
  const owner = start([...scriptCommand(script, flags, 'deno'), path]);
  const line = await within(30_000, 'the report', owner.line());
  assert.is((await owner.ended).code, 0, owner.stderr());
  assert.equal(JSON.parse(line ?? ''), {
    // What it has tried, and what it was answered.
    ...{ memory: 'NotCapable', run: 'throw', lock: 'number', adopted: 'ERR_LOCK_UNSUPPORTED' },
    // How the owner is afterwards.
    ...{ held: 1, contents: 'contents', ran: false, isFree: false },
  });
});

test('options that cannot be right are refused', () => {
  const { port1 } = new MessageChannel();
  const engine = new LockEngine();
  for (const maxLocks of [0, -1, 1.5, NaN, '3'] as never[]) {
    assert.throws(
      () => exposeEngine(engine, port1, { maxLocks }),
      (error: LockError) => error instanceof RangeError && error.code === 'ERR_OUT_OF_RANGE',
    );
  }
  for (const adopt of [0, 'no', null] as never[]) {
    assert.throws(
      () => exposeEngine(engine, port1, { adopt }),
      (error: LockError) => error instanceof TypeError && error.code === 'ERR_INVALID_ARG_VALUE',
    );
  }
  port1.close();
});

test.run();
