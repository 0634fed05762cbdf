import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type GiveUpMessage, type GrantMessage, LockEngine } from '../../src/mod.ts';
import { kind } from '../support/kind.ts';
import { holdElsewhere } from '../support/elsewhere.ts';
import { mustBlock } from '../support/must-block.ts';
import { rejection } from '../support/rejection.ts';
import { newFile } from '../support/temp.ts';

const names = ['wait', 'grant', 'release', 'giveup'].map((name) => `reflock:${name}`);

/** Runs a function, and gives the messages of all channels meanwhile: name, mode, and the rest. */
async function messagesOf(work: () => Promise<void>): Promise<Record<string, unknown>[]> {
  const messages: Record<string, unknown>[] = [];
  const listen = (message: unknown, name: string | symbol): void => {
    messages.push({ name, ...(message as object) });
  };
  for (const name of names) subscribe(name, listen);
  try {
    await work();
  } finally {
    for (const name of names) unsubscribe(name, listen);
  }
  return messages;
}

test('the channels tell of waits, grants, releases and give-ups', async () => {
  const engine = new LockEngine();
  const path = newFile();
  const detached = kind === 'ofd';
  const messages = await messagesOf(async () => {
    const held = engine.tryLock(path, { mode: 'shared' })!;
    const wait = engine.lock(path);
    const late = rejection(engine.lock(path, { timeout: 20 }));
    assert.is((await late).code, 'ERR_LOCK_TIMEOUT');
    held.release();
    const lock = await wait;
    if (detached) lock.detach();
    else lock.release();
  });
  const holders = [{ path, mode: 'shared', kind }];
  const waited = messages.map(({ waited }) => waited);
  const { reason } = messages[3] as unknown as GiveUpMessage;
  assert.is((reason as { code: string }).code, 'ERR_LOCK_TIMEOUT');
  assert.equal(messages.map(({ waited: _, reason: __, ...rest }) => rest), [
    { name: 'reflock:grant', path, mode: 'shared', kind },
    { name: 'reflock:wait', path, mode: 'exclusive', holders },
    { name: 'reflock:wait', path, mode: 'exclusive', holders },
    { name: 'reflock:giveup', path, mode: 'exclusive' },
    { name: 'reflock:release', path, mode: 'shared', kind, detached: false },
    { name: 'reflock:grant', path, mode: 'exclusive', kind },
    { name: 'reflock:release', path, mode: 'exclusive', kind, detached },
  ]);
  assert.is(waited[0], 0, 'it was free');
  assert.ok(waited[3] as number >= 19 && waited[5] as number >= 19, String(waited));
  await engine.close();
});

test('an upgrade that waits is a wait and a grant', async () => {
  const engine = new LockEngine();
  const path = newFile();
  const other = holdElsewhere(path, { mode: 'shared' });
  const messages = await messagesOf(async () => {
    const lock = engine.tryLock(path, { mode: 'shared' })!;
    const upgrade = lock.upgrade();
    await mustBlock(path);
    other.release();
    await upgrade;
    lock.release();
  });
  assert.equal(messages.map(({ name, mode }) => `${name} ${mode}`), [
    'reflock:grant shared',
    'reflock:wait exclusive',
    // The other engine's, if it is no process.
    ...(kind === 'ofd' ? ['reflock:release shared'] : []),
    'reflock:grant exclusive',
    'reflock:release exclusive',
  ]);
  await engine.close();
});

test('a subscriber may use the engine, and release what it is told of', async () => {
  const engine = new LockEngine();
  const path = newFile();
  const held = engine.tryLock(path)!;
  const waits = [1, 2, 3].map(() => engine.lock(path));
  let tries = 0;
  const listen = (message: unknown): void => {
    if ((message as GrantMessage).path !== path) return;
    assert.is(engine.tryLock(path), undefined);
    tries++;
  };
  subscribe('reflock:grant', listen);
  held.release();
  for (const wait of waits) (await wait).release();
  unsubscribe('reflock:grant', listen);
  assert.is(tries, 3);
  assert.equal(engine.query(), { held: [], pending: [] });
  await engine.close();
});

test('stats() counts the waits that ended with the lock by their time', async () => {
  const engine = new LockEngine();
  const path = newFile();
  const held = engine.tryLock(path)!;
  const wait = engine.lock(path);
  const late = rejection(engine.lock(path, { timeout: 15 }));
  await late;
  held.release();
  (await wait).release();
  const { waits, grants, giveUps } = engine.stats();
  assert.equal({ grants, giveUps }, { grants: 2, giveUps: 1 });
  assert.is(waits.at(-1)!.upTo, Infinity);
  assert.equal(
    waits.map(({ count }) => count).reduce((sum, count) => sum + count),
    1,
    'the first was free, the last gave up',
  );
  const counted = waits.findIndex(({ count }) => count === 1);
  assert.ok(waits[counted]!.upTo >= 15, 'it took longer than the timeout of the other one');
  await engine.close();
});

test.run();
