// Locks as it pleases until it is told to stop. usage: worker.ts PART, as JSON
//
// Prints "ready" when it begins. At a line on stdin it does one of these:
//   drain  begins nothing new, and prints "drained" when all waits have ended by themselves
//   end    closes its engines in the middle of it, prints what is left of them and "ended", and ends
//   exit   ends at once, with all that it holds and waits for
//   tell   prints "told" and the figures of its engines
// It also prints "broken ..." for every promise that was not kept; it does not outlive its stdin.

import process from 'node:process';
import { createInterface } from 'node:readline';
import { LockEngine } from '../../../src/mod.ts';
import { Random } from '../../support/random.ts';
import { belongings, leftovers } from '../aborts/leftovers.ts';
import type { Lane } from './lane.ts';
import { Load } from './load.ts';
import type { Part } from './part.ts';
import { Stamps } from './stamps.ts';
import { warmUp } from './warm-up.ts';
import { Witness } from './witness.ts';

const part = JSON.parse(process.argv[2]!) as Part;
const { ground, who, seed, kind } = part;
const broken = (what: string): void => console.log(`broken ${what}`);
const stamps = new Stamps(ground.stamps);
const input = createInterface({ input: process.stdin });
input.once('close', () => process.exit(3));
await warmUp(kind);
const before = belongings();

const options = { maxThreads: 2, idleTimeout: 2000 };
const engine = new LockEngine(options);
// Locks of one process do not exclude each other, whichever engine has them.
const second = kind === 'process' ? engine : new LockEngine({ ...options, maxThreads: 1 });
const witness = new Witness(ground, who, stamps, broken);
const stage: Lane = { engine, second, witness, random: new Random(seed), kind };
const load = new Load(stage);
input.on('line', (word) => {
  if (word === 'drain') void load.drain().then(() => console.log('drained'));
  else if (word === 'end') void end();
  else if (word === 'tell') console.log(`told ${JSON.stringify([engine.stats(), second.stats()])}`);
  else if (word === 'exit') {
    stamps.write(`Q ${who}`);
    process.exit(0);
  }
});
console.log('ready');

async function end(): Promise<void> {
  const drained = load.drain();
  await engine.close();
  await drained;
  await second.close();
  for (const one of [engine, second]) {
    const { held, pending } = one.query();
    if (held.length + pending.length === 0) continue;
    broken(`left: ${held.length} locks and ${pending.length} waits after close()`);
  }
  for (const left of await leftovers(before)) broken(left);
  console.log('ended');
  input.removeAllListeners('close');
  input.close();
  process.stdin.destroy();
}
