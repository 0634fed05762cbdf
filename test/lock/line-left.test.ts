import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { AT_FDCWD, closeFd, openLockFile } from '../../src/linux/open.ts';
import { trySetLock } from '../../src/linux/record-lock.ts';
import { Description } from '../../src/lock/description.ts';
import { GiveUp } from '../../src/lock/give-up.ts';
import type { LineRules } from '../../src/lock/line.ts';
import type { LockMode } from '../../src/lock/lock-options.ts';
import { LockedFile } from '../../src/lock/locked-file.ts';
import { LockedFiles } from '../../src/lock/locked-files.ts';
import { Waiter } from '../../src/lock/waiter.ts';
import { newFile } from '../support/temp.ts';

test('a waiter that goes on to another line leaves its turn to those behind it', () => {
  const path = newFile();
  const open = (): number => openLockFile(AT_FDCWD, path, 'write');
  const files = new LockedFiles();
  const [old, present] = [new LockedFile(files, 'old'), new LockedFile(files, 'present')];
  const tried: string[] = [];
  let retry: (waiter: Waiter) => boolean = () => false;
  // As ParkedWaits.park(), which tries once more, and ends the wait at once if that succeeds.
  const waits = { until: (waiter: Waiter) => void (retry(waiter) && waiter.left(0, false)) };
  const rules = { waits, maxHandOvers: 16, onHandOver: () => {} } as unknown as LineRules;
  /** Finds, once it has the lock, that the path leads to the other file, and joins the line there. */
  class Moving extends Waiter {
    readonly description = new Description(open(), 'auto');
    readonly want;
    readonly name: string;
    constructor(name: string, mode: LockMode, start: number, length: number) {
      const want = {
        path,
        dirfd: AT_FDCWD,
        mode,
        create: true,
        beneath: false,
        kind: 'auto' as const,
      };
      super(new GiveUp(want, {}));
      this.name = name;
      this.want = { ...want, range: { start, length } };
    }
    ended(): boolean {
      tried.push(this.name);
      this.description.close();
      if (this.line === old.line) present.lineFor(rules).join(this);
      return false;
    }
  }
  const other = open();
  trySetLock(other, 'exclusive', 0, 0);
  const [first, second, third] = [
    new Moving('first', 'exclusive', 0, 0),
    new Moving('second', 'shared', 0, 150),
    new Moving('third', 'shared', 300, 50),
  ];
  for (const waiter of [first!, second!, third!]) old.lineFor(rules).join(waiter);
  // The kernel has let the first one in, and somebody else is in the way of the second: for so short
  // a time that it is free when the wait is parked.
  trySetLock(other, 'none', 150, 0);
  retry = () => trySetLock(other, 'none', 0, 0) === 0;
  first!.left(0, true);
  assert.is(old.line!.empty, true, `nobody has the file, and only these had their turn: ${tried}`);
  closeFd(other);
});

test.run();
