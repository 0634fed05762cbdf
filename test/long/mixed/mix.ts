import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { collectGarbage } from '../../../src/runtime/mod.ts';
import { within } from '../../support/eventually.ts';
import { type Program, startScript } from '../../support/process.ts';
import { Random } from '../../support/random.ts';
import { type Runtime, runtimes } from '../../support/runtime.ts';
import { temp } from '../../support/temp.ts';
import { lookAtSource } from './look.ts';
import type { Deeds, RoleName } from './process.ts';
import { makeScene, type Scene, sources } from './scene.ts';

/** One process, and what it has done. */
export interface Played extends Deeds {
  readonly role: RoleName;
  readonly runtime: Runtime;
}

/** How all of it went. */
export interface Mixed {
  readonly played: readonly Played[];
  /** The promises that were broken. */
  readonly violations: readonly string[];
}

/** How long a process may take to start, and to come to its end, in milliseconds. */
const LIMIT = 30_000;

/** Whether there is a bwrap that can make containers here. */
export const hasContainers: boolean =
  spawnSync('bwrap', ['--ro-bind', '/', '/', '--unshare-pid', 'true']).status === 0;

/**
 * Has collectors, copiers and users, on all runtimes, meet in one scene for so many seconds. The
 * seed decides who runs on what, and what each role does next; not who is quicker.
 */
export async function mix(seconds: number, seed: number): Promise<Mixed> {
  const random = new Random(seed);
  const scene = makeScene(mkdtempSync(join(temp, 'mixed-')));
  const [a, b, c] = random.shuffle(runtimes) as [Runtime, Runtime, Runtime];
  const cast: (readonly [RoleName, Runtime])[] = [
    ...[['collector', a], ['collector', b], ['copier', b], ['copier', c]] as const,
    ...[['user', a], ['user', b], ['user', c], ['container user', a]] as const,
  ];
  const players = await Promise.all(
    cast.filter(([role]) => role !== 'container user' || hasContainers)
      .map(([role, runtime], number) => start(role, runtime, seed + number, scene)),
  );
  for (const { program } of players) program.send('begin');
  await sleep(seconds * 1000);
  for (const { program } of players) program.child.stdin!.end();
  const played = await Promise.all(players.map(end));
  return {
    played,
    violations: [
      ...played.flatMap(({ role, runtime, violations }) =>
        violations.map((one) => `${role} on ${runtime}: ${one}`)
      ),
      ...await atTheEnd(scene),
    ],
  };
}

/** What should have been done and was not: by one of them at all, or by any of them. */
export function idle(played: readonly Played[]): string[] {
  const does = ({ role, counts }: Played) => duties[role].some((duty) => counts[duty]);
  return [
    ...played.filter((one) => !does(one)).map(({ role, runtime }) => `${role} on ${runtime}`),
    ...played.flatMap(({ role }) => duties[role])
      .filter((duty) => played.every(({ counts }) => !counts[duty])),
  ];
}

const duties: Record<RoleName, readonly string[]> = {
  collector: ['copies deleted', 'sources removed'],
  copier: ['copies made', 'copies kept'],
  user: ['copies used', 'sources used'],
  'container user': ['containers'],
};

interface Player {
  readonly role: RoleName;
  readonly runtime: Runtime;
  readonly program: Program;
}

async function start(
  role: RoleName,
  runtime: Runtime,
  seed: number,
  scene: Scene,
): Promise<Player> {
  const args = [role, String(seed), JSON.stringify(scene)];
  const program = startScript('test/long/mixed/process.ts', args, runtime);
  const said = await within(LIMIT, `a ${role} on ${runtime} is ready`, program.line());
  if (said !== 'ready') throw new Error(`no ${role} on ${runtime}: ${said}${program.stderr()}`);
  return { role, runtime, program };
}

async function end({ role, runtime, program }: Player): Promise<Played> {
  const failed = (what: string, { counts = {}, violations = [] }: Partial<Deeds> = {}): Played => {
    return { role, runtime, counts, violations: [...violations, what] };
  };
  try {
    const said = await within(LIMIT, 'its last word', program.line());
    const { code, signal } = await within(LIMIT, 'its end', program.ended);
    const deeds = JSON.parse(said ?? '{}') as Partial<Deeds>;
    if (code !== 0) return failed(`ended with ${signal ?? code}: ${program.stderr()}`, deeds);
    return { role, runtime, counts: {}, violations: [], ...deeds };
  } catch (error) {
    await program.kill();
    return failed((error as Error).message);
  }
}

/** When all have gone, one collection must leave no garbage, and the sources must be whole. */
async function atTheEnd(scene: Scene): Promise<string[]> {
  const broken: string[] = [];
  for (const place of [scene.parent, scene.base]) {
    const { kept } = await collectGarbage(place, { whenBusy: 'error' });
    for (const { path, why, message } of kept) {
      if (why !== 'not-garbage') broken.push(`${path} has survived a collection: ${message}`);
    }
  }
  const left = [scene.parent, scene.base, scene.aside, scene.witness]
    .flatMap((place) => readdirSync(place).filter((name) => name !== '.ref')).sort();
  if (left.join() !== [...sources.keys()].sort().join()) {
    broken.push(`there are ${left.join(', ')} at the end`);
  }
  for (const [name, below] of sources) {
    const wrong = lookAtSource(scene, join(scene.base, name, below))();
    if (wrong !== undefined) broken.push(`${name} is not whole at the end: ${wrong}`);
  }
  return broken;
}
