import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LockKind } from '../../../src/mod.ts';
import { hasContainers } from '../../support/container.ts';
import { Random } from '../../support/random.ts';
import { temp } from '../../support/temp.ts';
import { type Ground, pathOf } from './ground.ts';
import { Judge } from './judge.ts';
import { notFree, stillLocked } from './leaks.ts';
import { needs } from './needs.ts';
import { Reader } from './reader.ts';
import { Stamps } from './stamps.ts';
import { Troupe } from './troupe.ts';

/** How a torture went. */
export interface Tortured {
  readonly violations: readonly string[];
  /** What should have happened and has not; nothing if it was broken off. */
  readonly missing: readonly string[];
  /** After the first violation: the locks that a stranger met, and what the engines said. */
  readonly circumstances: readonly string[];
  readonly seconds: number;
  readonly judge: Judge;
}

/** How many lock files there are. */
const FILES = 12;
/** How often the records are read, and the time is written among them, in milliseconds. */
const TICK = 50;
/** The longest time between two strokes of fate, in milliseconds; shorter if there is little time. */
const PACE = 2400;
/** How long locks of whom was killed may outlast all others, in milliseconds. */
const LAST = 5000;

/**
 * Tortures the locks for so many seconds, or until a promise is broken. The seed decides who does what
 * next; not who is quicker.
 */
export async function torture(
  seconds: number,
  seed: number,
  kind: 'auto' | LockKind = 'auto',
  onMinute: (judge: Judge) => void = () => {},
): Promise<Tortured> {
  const home = mkdtempSync(join(temp, 'torture-'));
  const ground = layOut(home);
  const [stamps, reader, judge] = [
    new Stamps(ground.stamps),
    new Reader(ground.stamps),
    new Judge(),
  ];
  const violations = judge.violations;
  const began = performance.now();
  const elapsed = (): number => performance.now() - began;
  const look = (): void => {
    stamps.write(`T ${Math.round(elapsed())}`);
    for (const record of reader.records()) judge.read(record);
  };
  const looking = setInterval(look, TICK);
  const minutes = setInterval(() => onMinute(judge), 60_000);
  const troupe = new Troupe({
    ground,
    kind,
    stamps,
    random: new Random(seed),
    pace: Math.min(PACE, seconds * 1000 / 24),
    broken: (what) => void violations.push(what),
  });
  let circumstances: string[] = [];
  try {
    const playing = troupe.play();
    while (elapsed() < seconds * 1000 && violations.length === 0) await sleep(TICK);
    if (violations.length === 0) await unlessBroken(troupe.drain(), violations);
    if (violations.length === 0) violations.push(...await notFree(ground, LAST));
    if (violations.length === 0) await troupe.end();
    if (violations.length === 0) await playing;
  } finally {
    if (violations.length > 0) {
      circumstances = [...await notFree(ground, 0), ...await troupe.tell()];
      await troupe.kill();
    }
    clearInterval(looking);
    clearInterval(minutes);
    look();
  }
  const whole = violations.length === 0;
  if (whole) {
    judge.finish();
    violations.push(...await stillLocked(ground, LAST));
  }
  stamps.close();
  reader.close();
  rmSync(home, { recursive: true });
  const missing = whole ? judge.tally.missing(needs(kind, hasContainers)) : [];
  return { violations, missing, circumstances, seconds: elapsed() / 1000, judge };
}

function layOut(home: string): Ground {
  const ground: Ground = {
    directory: join(home, 'files'),
    files: FILES,
    stamps: join(home, 'stamps'),
    temp: join(home, 'temp'),
    epoch: Date.now(),
  };
  for (const path of [ground.directory, ground.temp]) mkdirSync(path);
  writeFileSync(ground.stamps, '');
  for (let file = 0; file < FILES; file++) writeFileSync(pathOf(ground, file), '');
  return ground;
}

/** Waits for something, or for the first violation: who sleeps on for ever is found out meanwhile. */
async function unlessBroken(task: Promise<void>, violations: readonly string[]): Promise<void> {
  let over = false;
  const end = task.finally(() => over = true);
  while (!over && violations.length === 0) await sleep(TICK);
  if (over) await end;
}
