// Plays one role until its stdin ends. usage: process.ts ROLE SEED SCENE, the last one as JSON
//
// Prints "ready", begins at a line on stdin, and prints what it has done as JSON at its end.

import process from 'node:process';
import { createInterface } from 'node:readline';
import { Random } from '../../support/random.ts';
import { collector } from './collector.ts';
import { containerUser } from './container-user.ts';
import { copier } from './copier.ts';
import type { Role } from './role.ts';
import { user } from './user.ts';

const roles = { collector, copier, user, 'container user': containerUser };
export type RoleName = keyof typeof roles;

/** What a role has done. */
export interface Deeds {
  readonly counts: Record<string, number>;
  readonly violations: readonly string[];
}

const [name, seed, scene] = process.argv.slice(2);
const stop = new AbortController();
const counts: Record<string, number> = {};
const violations: string[] = [];
const role: Role = {
  ...JSON.parse(scene!),
  random: new Random(Number(seed)),
  stop: stop.signal,
  count: (what) => counts[what] = (counts[what] ?? 0) + 1,
  violation: (what) => violations.push(what),
};
const input = createInterface({ input: process.stdin });
input.once('close', () => stop.abort());
input.once('line', async () => {
  try {
    await roles[name as RoleName](role);
  } catch (error) {
    violations.push(`the ${name} has broken down: ${(error as Error).stack}`);
  }
  const deeds: Deeds = { counts, violations };
  console.log(JSON.stringify(deeds));
});
console.log('ready');
