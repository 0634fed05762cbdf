import * as assert from 'uvu/assert';
import type { EngineStats, LockMode } from '../../../src/mod.ts';
import { kind } from '../kind.ts';
import type { Bytes } from '../outsider.ts';
import { type Claim, conflict, type Who } from './lock-model.ts';
import type { Machine } from './machine.ts';
import type { World } from './world.ts';

/** Compares a machine that has settled with what the engines and the other process say. */
export async function compare(
  { model, locks, counts }: Machine,
  { engines, outsider, paths, elsewhere }: World,
  before: Record<'first' | 'second', EngineStats>,
): Promise<void> {
  for (const [held, lock] of locks) assert.is(lock.mode, held.mode);
  for (const who of ['first', 'second'] as const) {
    const own = (claim: Claim): boolean => claim.who === who;
    const held = [...model.held].filter(own);
    const waiting = [...model.waiting].filter(own);
    const stats = engines[who].stats();
    const { held: heldInfo, pending: all } = engines[who].query();
    const pending = all.filter(({ path }) => path !== elsewhere);
    const occupied = all.length - pending.length;
    const modes = (all: readonly { mode: LockMode }[]) => all.map(({ mode }) => mode);
    same(who, 'held', modes(heldInfo).sort(), modes(held).sort());
    same(who, 'number held', stats.held, held.length);
    // In the order in which they were asked for.
    same(who, 'waiting', modes(pending), modes(waiting));
    for (const [index, { holders }] of pending.entries()) {
      const wait = waiting[index]!;
      const obstacles = model.obstacles(wait).filter(own);
      const atLeast = obstacles.length;
      assert.ok(holders.length >= atLeast, `${holders.length} holders named, not ${atLeast}`);
      if (atLeast === 0 && !model.isBehind(wait)) same(who, 'holders', modes(holders), []);
    }
    const { queued, blocked, parked } = stats;
    same(who, 'places of waits', queued + blocked + parked - occupied, waiting.length);
    const outward = waiting.filter((wait) => !model.isPrivate(wait)).length;
    assert.ok(
      blocked + parked - occupied <= outward,
      'no thread while the conflict is with ourselves',
    );
    same(who, 'grants', stats.grants - before[who].grants, counts[who].grants);
    same(who, 'give-ups', stats.giveUps - before[who].giveUps, counts[who].giveUps);
  }

  const contradictions = () => contradictionsOf(model, outsider, paths);
  let found = await contradictions();
  // A thread that is recalled may have been granted its lock at that moment, and more is locked then
  // until the main thread has heard of it.
  const deadline = performance.now() + 1000;
  while (kind === 'process' && found.length > 0 && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 2));
    found = await contradictions();
  }
  assert.equal(found, []);
}

/** Where another process sees other locks than the model has. */
async function contradictionsOf(
  model: Machine['model'],
  outsider: World['outsider'],
  paths: World['paths'],
): Promise<string[]> {
  // One byte more than the ranges of the locks tell apart, and what lies behind it.
  const ranges = [0, 1, 2, 3].map((start) => ({ start, length: start === 3 ? 0 : 1 }));
  const probes = paths.flatMap((path, file) =>
    (['shared', 'exclusive'] as const).flatMap((mode) =>
      ranges.map((range) => ({ path, mode, range, file: model.at(file) }))
    )
  );
  const answers = await outsider.probe(probes);
  return probes.flatMap((probe, index) => {
    const claim: Claim = { who: 'outside', ...probe };
    const inTheWay = [...model.held].filter((held) => conflict(held, claim));
    const expected = inTheWay.map(textOfLock);
    const answer = shown(answers[index]!);
    const agrees = expected.length === 0 ? answer === 'free' : expected.includes(answer);
    return agrees ? [] : [`${text(probe)} is ${answer}, not ${expected.join(' or ') || 'free'}`];
  });
}

/** A lock as another process sees it: of one process the kernel makes one of several. */
function textOfLock({ mode, range: { start, length } }: Claim): string {
  return kind === 'ofd' ? `${mode} ${start} ${length}` : mode;
}

function shown(answer: string): string {
  return kind === 'ofd' ? answer : answer.split(' ', 1)[0]!;
}

function text({ path, mode, range: { start, length } }: Bytes): string {
  return `${mode} ${start}+${length} of ${path}`;
}

function same(who: Who, what: string, actual: unknown, expected: unknown): void {
  const [is, shouldBe] = [JSON.stringify(actual), JSON.stringify(expected)];
  assert.is(is, shouldBe, `${who} engine, ${what}: ${is}, not ${shouldBe}`);
}
