import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { LockEngine } from '../../../src/mod.ts';
import { within } from '../../support/eventually.ts';
import { Random } from '../../support/random.ts';
import { temp } from '../../support/temp.ts';
import { belongings, lockedFiles } from '../aborts/leftovers.ts';
import { type Ground, pathOf } from '../torture/ground.ts';
import { Load } from '../torture/load.ts';
import { startAide } from '../torture/player.ts';
import { warmUp } from '../torture/warm-up.ts';
import { Witness } from '../torture/witness.ts';
import { tooMuch } from './too-much.ts';

/** What a process has at one moment. */
export interface Sample {
  /** Megabytes that are in memory. */
  readonly rss: number;
  readonly fds: number;
  readonly threads: number;
}

const FILES = 8;
/** A long rest: the threads that wait for work are always the same ones. */
const IDLE = 600_000;
/** How long the waits of a minute may outlast it, in milliseconds. */
const LIMIT = 20_000;

/** Soaks an engine for so many minutes; gives what is wrong then. */
export async function soak(
  minutes: number,
  seed: number,
  collect: () => void,
  say: (line: string) => void,
): Promise<string[]> {
  const directory = mkdtempSync(join(temp, 'soak-'));
  const ground: Ground = { directory, files: FILES, stamps: '/dev/null', temp, epoch: Date.now() };
  const paths = Array.from({ length: FILES }, (_, file) => pathOf(ground, file));
  for (const path of paths) writeFileSync(path, '');
  const broken: string[] = [];
  const stamps = { path: '/dev/null', write: () => {} };
  const witness = new Witness(ground, 'soak', stamps, (what) => broken.push(what));
  const engine = new LockEngine({ maxThreads: 2, idleTimeout: IDLE });
  const second = new LockEngine({ maxThreads: 1, idleTimeout: IDLE });
  const random = new Random(seed);
  await warmUp('auto');
  const aide = startAide('posix-lockers.py', { ground, who: '', seed, kind: 'auto' });
  const samples: Sample[] = [];
  for (let minute = 1; minute <= minutes && broken.length === 0; minute++) {
    const load = new Load({ engine, second, witness, random, kind: 'auto' });
    await sleep(60_000);
    await within(LIMIT, 'all waits are over', load.drain()).catch((error) =>
      broken.push(`${error}`)
    );
    collect();
    // What was collected may take others along that had a finalizer.
    await sleep(200);
    collect();
    const sample = take();
    samples.push(sample);
    const { grants } = engine.stats();
    const { rss, fds, threads } = sample;
    say(`  ${minute} min: ${rss.toFixed(1)} MB, ${fds} fds, ${threads} threads, ${grants} grants`);
  }
  aide.child.stdin!.end();
  await aide.ended;
  await Promise.all([engine.close(), second.close()]);
  const present = paths.filter((path) =>
    readdirSync(directory).some((name) => path.endsWith(name))
  );
  return [...broken, ...tooMuch(samples), ...lockedFiles(present)];
}

function take(): Sample {
  const { fds, threads } = belongings();
  return { rss: process.memoryUsage.rss() / 2 ** 20, fds: fds.length, threads };
}
