/**
 * A launcher that waits for thousands of files at once.
 *
 * Another process holds all of them; we ask for each, fall idle, and the other process notes the
 * time and closes one after the other. We note the time when the last promise has resolved.
 */

import { monotonic } from '../clock.ts';
import type { Absent, Contender } from '../measure.ts';
import { loadIfItWorks } from '../peers/package.ts';
import { type AskForAll, fsNativeExtensions, reflock, settle } from './ask-for-all.ts';
import type { Case } from './case.ts';
import { type HeldFiles, holdFiles } from './held-files.ts';
import { MANY, MANY_IN_WORDS } from './many.ts';

/** Many waits that all end at the same time. */
export const manyWaitsCase: Case = {
  name: 'many-waits',
  title:
    `from another process's release of ${MANY_IN_WORDS} files to the last of as many resolved promises`,
  bounds: { 'fs-native-extensions': 0.5 },
  rounds: 3,
  contenders: (path) => {
    const held = holdFiles(path);
    return [
      { ...allGranted('reflock', held, reflock()), end: () => held.end() },
      peer(path, held),
      releasesAlone(held),
    ];
  },
};

function peer(path: string, held: HeldFiles): Contender | Absent {
  const addon = loadIfItWorks('fs-native-extensions', 'waitForLock', path);
  if ('absent' in addon) return addon;
  return allGranted('fs-native-extensions', held, fsNativeExtensions(addon));
}

function allGranted(name: string, held: HeldFiles, askForAll: AskForAll): Contender {
  return {
    name,
    count: 1,
    measure: async () => {
      const waits = askForAll(await held.hold(MANY));
      await waits.outstanding();
      await settle();
      const [released, granted] = await Promise.all([
        held.release(),
        waits.granted.then(monotonic),
      ]);
      waits.release();
      return [Number(granted - released.began)];
    },
  };
}

/** What the kernel needs to close as many files when nobody waits: it takes no less with waits. */
function releasesAlone(held: HeldFiles): Contender {
  return {
    name: 'the releases alone',
    count: 1,
    elsewhere: true,
    measure: async () => {
      await held.hold(MANY);
      const { began, ended } = await held.release();
      return [Number(ended - began)];
    },
  };
}
