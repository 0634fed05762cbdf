import { tryLock } from '../../src/mod.ts';
import { type Absent, type Contender, time } from '../measure.ts';
import { type Trying, tryingPeers } from '../peers/trying.ts';
import type { Case } from './case.ts';
import { uncontendedC } from './uncontended-c.ts';

/** A free lock on the calling thread: path in, identity checked, released. */
export const tryCase: Case = {
  name: 'try',
  title: 'tryLock() and release() of a free lock',
  bounds: { C: 1.3, 'fs-native-extensions': 1 },
  rounds: 100,
  contenders: (path) => [
    trying({ name: 'reflock', lockAndRelease: (path) => tryLock(path)!.release() }, path),
    uncontendedC(path),
    ...tryingPeers(path).map((peer) => trying(peer, path)),
  ],
};

function trying(one: Trying | Absent, path: string): Contender | Absent {
  if ('absent' in one) return one;
  const { name, lockAndRelease } = one;
  return {
    name,
    measure: (count) =>
      time(count, (count) => {
        for (let i = 0; i < count; i++) lockAndRelease(path);
      }),
  };
}
