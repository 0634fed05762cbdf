import { readFile } from 'node:fs/promises';
import { monotonic } from '../clock.ts';
import { whileBlocked } from './blocked-waits.ts';
import type { Case } from './case.ts';

/** Reads in a turn. */
const READS = 100;

/** What blocked waits do to `node:fs`, whose four threads some other lockers wait in. */
export const readFileCase: Case = {
  name: 'read-file',
  title: 'fs.promises.readFile() of a small file with 8 waits blocked',
  bounds: { idle: 3 },
  // On Bun it takes 20 µs in one process and 40 in the next, and forever where locks are in the way.
  tolerance: 100e3,
  rounds: 15,
  contenders: (path) => [
    { name: 'reflock', count: READS, measure: (n) => whileBlocked(path, () => reads(path, n)) },
    { name: 'idle', count: READS, measure: (n) => reads(path, n) },
  ],
};

async function reads(path: string, count: number): Promise<number[]> {
  const samples: number[] = [];
  for (let i = 0; i < count; i++) {
    const began = monotonic();
    await readFile(path);
    samples.push(Number(monotonic() - began));
  }
  return samples;
}
