import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { agreeing, type KernelLock } from '../../src/linux/kernel-locks.ts';

const LOCK: KernelLock = { place: 'fe:00:1', mode: 'shared', kind: 'ofd', waiting: false, pid: -1 };
const OTHER: KernelLock = { ...LOCK, place: 'fe:00:2' };

/** Shows a file's locks so many times in each reading, and then as often as in the last one. */
function readings(lock: KernelLock, ...times: number[]): () => Map<string, KernelLock[]> {
  let count = 0;
  return () => {
    const now = times[Math.min(count++, times.length - 1)]!;
    return new Map([[lock.place, Array<KernelLock>(now).fill(lock)]]);
  };
}

test('a lock that one reading shows many times, or not at all, is one lock', () => {
  assert.equal(agreeing([LOCK.place], readings(LOCK, 300, 0, 1)), [LOCK]);
  assert.equal(agreeing([LOCK.place], readings(LOCK, 1, 1, 2)), [LOCK]);
});

test("a file with no locks has none, and other files are nobody's business", () => {
  assert.equal(agreeing([LOCK.place], readings(OTHER, 1, 2, 3)), []);
  assert.equal(agreeing([], readings(OTHER, 1)), []);
});

test('a file whose locks never stay the same is taken as it was last', () => {
  let count = 0;
  const read = (): Map<string, KernelLock[]> =>
    new Map([[LOCK.place, Array<KernelLock>(++count).fill(LOCK)], [OTHER.place, [OTHER]]]);
  const found = agreeing([LOCK.place, OTHER.place], read);
  assert.is(found.filter(({ place }) => place === OTHER.place).length, 1);
  assert.is(found.length - 1, count);
});

test.run();
