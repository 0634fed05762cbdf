import process from 'node:process';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import * as assert from 'uvu/assert';
import { LockEngine } from '../../src/mod.ts';
import { ClientService } from '../../src/remote/client-service.ts';
import { connectEngine, exposeEngine } from '../../src/remote/mod.ts';
import type { ExposeOptions, RemoteEngine } from '../../src/remote/mod.ts';
import { eventually, within } from './eventually.ts';
import { openFds } from './open-fds.ts';
import { RawClient } from './raw-client.ts';
import { isFree } from './reflock.ts';
import { newFile, temp } from './temp.ts';

/** What an attack has to work with. */
export interface Scene {
  readonly engine: LockEngine;
  /** The other end of the endpoint that the engine is exposed over. */
  readonly endpoint: MessagePort;
  readonly attacker: RawClient;
  /** A client at another endpoint of the same engine. */
  readonly honest: RemoteEngine;
}

/** Errors that nobody has caught. */
const uncaught: unknown[] = [];
process.on('uncaughtException', (error) => uncaught.push(error));
process.on('unhandledRejection', (error) => uncaught.push(error));

/** What code that should never run leaves. */
export const CODE = 'globalThis.reflockWasAttacked = true';

/**
 * Makes an engine and its clients, and looks after the attack whether everything is as before: no code
 * ran, nothing is polluted, nobody has thrown, the owner and an honest client lock, and when the attacker
 * lets go nothing of its locks and descriptors is left.
 */
export async function underAttack(
  attack: (scene: Scene) => Promise<void>,
  options?: ExposeOptions,
): Promise<void> {
  const before = openFds(temp);
  const engine = new LockEngine({ maxThreads: 2 });
  const ends = [new MessageChannel(), new MessageChannel()] as const;
  const [bad, good] = ends;
  exposeEngine(engine, bad.port1, options);
  exposeEngine(engine, good.port1);
  const honest = connectEngine(good.port2);
  const attacker = new RawClient(bad.port2);
  try {
    await attacker.hello();
    const own = await honest.lock(newFile());
    await attack({ engine, endpoint: bad.port2, attacker, honest });
    assertUnharmed();
    // All that is held, it still holds; what it has let go is free; and so with the owner.
    assert.not(isFree(own.path));
    own.release();
    assert.ok(isFree(own.path));
    await lockInTurn(engine, honest);
    const next = new RawClient(bad.port2);
    assert.is(typeof (await next.hello()).thread, 'number', 'the endpoint serves others');
    await Promise.all([attacker.release(), next.release()]);
    await eventually('nothing is left', () => {
      const { held, pending } = engine.query();
      return held.length + pending.length === 0;
    });
    await honest.query();
    assert.equal(openFds(temp), before);
    assertUnharmed();
  } finally {
    // A test that has failed harms no other one.
    attacker.port.close();
    for (const { port1, port2 } of ends) for (const port of [port1, port2]) port.close();
    await engine.close();
    restore();
  }
}

/** The owner and the honest client have one lock after the other. */
async function lockInTurn(engine: LockEngine, honest: RemoteEngine): Promise<void> {
  const path = newFile();
  const held = engine.tryLock(path)!;
  const waiting = honest.lock(path);
  assert.is(await honest.tryLock(path), undefined);
  held.release();
  const theirs = await within(10_000, 'the lock of an honest client', waiting);
  assert.is(engine.tryLock(path), undefined);
  theirs.release();
  await honest.query();
  engine.tryLock(path)!.release();
}

function assertUnharmed(): void {
  assert.equal(uncaught, [], 'nobody has thrown');
  assert.is(Reflect.get(globalThis, 'reflockWasAttacked'), undefined, 'no code ran');
  for (const value of [{}, [], () => {}, '', 1, LockEngine.prototype, ClientService.prototype]) {
    assert.is(Reflect.get(Object(value), 'polluted'), undefined, 'nothing is polluted');
  }
}

function restore(): void {
  uncaught.length = 0;
  Reflect.deleteProperty(globalThis, 'reflockWasAttacked');
  for (const polluted of [ClientService, Function, Object]) {
    Reflect.deleteProperty(polluted.prototype, 'polluted');
  }
}
