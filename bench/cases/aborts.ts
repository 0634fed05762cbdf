import { LockEngine } from '../../src/mod.ts';
import { monotonic } from '../clock.ts';
import { type Absent, absent } from '../measure.ts';
import type { Case } from './case.ts';
import { settle } from './ask-for-all.ts';
import { type HeldFiles, holdFiles } from './held-files.ts';

const FILES = 100;
const WAITS = 1000;

/** How quickly many waits end of which nothing is to come. */
export const abortsCase: Case = {
  name: 'aborts',
  title: `from abort() to the last of 1,000 rejected promises, for ${FILES} files of another ` +
    'process, time for each wait',
  bounds: {},
  limits: { p99: {} },
  rounds: 15,
  contenders: (path) => {
    const held = holdFiles(path);
    const engine = new LockEngine();
    return [
      {
        name: 'reflock',
        count: 1,
        measure: async () => [await timeOfAbort(engine, held)],
        end: () => held.end(),
      },
      ...['fs-native-extensions', 'fs-ext', 'os-lock', 'koffi, async'].map((name): Absent =>
        absent(name, 'a wait cannot be ended')
      ),
    ];
  },
};

async function timeOfAbort(engine: LockEngine, held: HeldFiles): Promise<number> {
  const files = await held.hold(FILES);
  const controller = new AbortController();
  const waits = Array.from(
    { length: WAITS },
    (_, index) => engine.lock(files[index % FILES]!, { signal: controller.signal }),
  );
  const ended = Promise.allSettled(waits);
  await settle();
  const began = monotonic();
  controller.abort();
  const results = await ended;
  const took = Number(monotonic() - began);
  const rejected = results.filter(({ status }) => status === 'rejected').length;
  if (rejected !== WAITS) throw new Error(`${WAITS - rejected} waits were granted`);
  await held.release();
  return took / WAITS;
}
