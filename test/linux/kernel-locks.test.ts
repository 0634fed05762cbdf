import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { agreeing, type KernelLock, type Reading } from '../../src/linux/kernel-locks.ts';

const LOCK: KernelLock = { place: 'fe:00:1', mode: 'shared', kind: 'ofd', waiting: false, pid: -1 };
const OTHER: KernelLock = { ...LOCK, place: 'fe:00:2' };

/** Shows a file's locks so many times in each reading, and then as often as in the last one. */
function readings(lock: KernelLock, ...times: number[]): () => Reading {
  let count = 0;
  return () => {
    const now = times[Math.min(count++, times.length - 1)]!;
    return reading([lock.place, Array<KernelLock>(now).fill(lock)]);
  };
}

function reading(...locks: [string, KernelLock[]][]): Reading {
  return { locks: new Map(locks), size: 100, whole: true };
}

function found(places: string[], read: () => Reading): readonly KernelLock[] {
  const { locks, whole } = agreeing(places, read);
  assert.ok(whole);
  return locks;
}

test('a lock that one reading shows many times, or not at all, is one lock', () => {
  assert.equal(found([LOCK.place], readings(LOCK, 300, 0, 1)), [LOCK]);
  assert.equal(found([LOCK.place], readings(LOCK, 1, 1, 2)), [LOCK]);
});

test("a file with no locks has none, and other files are nobody's business", () => {
  assert.equal(found([LOCK.place], readings(OTHER, 1, 2, 3)), []);
  assert.equal(found([], readings(OTHER, 1)), []);
});

test('a file whose locks never stay the same is taken as it was last', () => {
  let count = 0;
  const read = (): Reading =>
    reading([LOCK.place, Array<KernelLock>(++count).fill(LOCK)], [OTHER.place, [OTHER]]);
  const locks = found([LOCK.place, OTHER.place], read);
  assert.is(locks.filter(({ place }) => place === OTHER.place).length, 1);
  assert.is(locks.length - 1, count);
});

test('a list that is too long is read once, and said not to be whole', () => {
  let count = 0;
  const read = (): Reading => {
    count++;
    return { ...reading([LOCK.place, [LOCK]]), whole: false };
  };
  assert.equal(agreeing([LOCK.place], read), { locks: [LOCK], whole: false });
  assert.is(count, 1);
});

test.run();
