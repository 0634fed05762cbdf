// Random sequences of operations, done to real engines and to a model of them; see `LockModel` for
// what is compared. A failure prints the shortest sequence that was found to fail, and a seed and a
// path with which it is found again:
//
//   REFLOCK_MODEL_RUNS=5000 npm test -- node lock/model
//   REFLOCK_MODEL_SEED=-1234 REFLOCK_MODEL_PATH=5:0:1 npm test -- node lock/model

import fc from 'fast-check';
import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compare } from '../support/model/compare.ts';
import type { Who } from '../support/model/lock-model.ts';
import { Machine } from '../support/model/machine.ts';
import { type Operation, operations } from '../support/model/operations.ts';
import { World } from '../support/model/world.ts';
import { openFds } from '../support/open-fds.ts';
import { temp } from '../support/temp.ts';

const { REFLOCK_MODEL_RUNS, REFLOCK_MODEL_SEED, REFLOCK_MODEL_PATH } = process.env;

/** Does the operations one after the other, compares after each that has settled, and ends all. */
async function agree(world: World, sequence: readonly Operation[]): Promise<void> {
  const { engines: { first, second }, elsewhere } = world;
  const before = { first: first.stats(), second: second.stats() };
  const open = () => openFds(temp).filter((fd) => !fd.endsWith(` ${elsewhere}`));
  const openBefore = open();
  const machine = new Machine(world);
  try {
    for (const operation of sequence) {
      await machine.do(operation);
      if (operation.then === 'settle') await compare(machine, world, before);
    }
    await machine.end();
    await compare(machine, world, before);
    assert.equal(open(), openBefore);
  } catch (error) {
    for (const lock of machine.locks.values()) lock.release();
    throw error;
  }
}

async function check(
  who: readonly Who[],
  threads: 'one' | 'none',
  numRuns: number,
): Promise<void> {
  let world = await World.make(threads);
  const property = fc.asyncProperty(operations(who, 60), async (sequence) => {
    try {
      await agree(world, sequence);
      await world.tidy(sequence.some((operation) => operation.do === 'close'));
    } catch (error) {
      // The next sequence shall not find what this one has left behind.
      await world.end();
      world = await World.make(threads);
      throw error;
    }
  });
  try {
    await fc.assert(property, {
      includeErrorInReport: true,
      numRuns: Number(REFLOCK_MODEL_RUNS ?? numRuns),
      interruptAfterTimeLimit: REFLOCK_MODEL_RUNS === undefined ? 25_000 : 3_600_000,
      ...(REFLOCK_MODEL_SEED !== undefined && { seed: Number(REFLOCK_MODEL_SEED) }),
      ...(REFLOCK_MODEL_PATH !== undefined && { path: REFLOCK_MODEL_PATH }),
    });
  } finally {
    await world.end();
  }
}

test('one engine does what the model does, and hands its locks over at once', async () => {
  await check(['first'], 'one', 50);
});

test('an engine that often leaves its locks to others for a moment loses no wait', async () => {
  await check(['second'], 'one', 20);
});

test('two engines and a process get locks in turn, and never two that conflict', async () => {
  await check(['first', 'second', 'outside'], 'one', 40);
});

test('they do so without a thread to wait in, too', async () => {
  await check(['first', 'second', 'outside'], 'none', 20);
});

test.run();
