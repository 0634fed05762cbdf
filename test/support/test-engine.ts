import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type EngineOptions, LockEngine } from '../../src/mod.ts';
import { holdElsewhere } from './elsewhere.ts';
import { eventually, within } from './eventually.ts';
import { mustBlock, waitersInKernel } from './must-block.ts';
import { openFds } from './open-fds.ts';
import { start } from './process.ts';
import { runtime } from './runtime.ts';
import { newFile, temp } from './temp.ts';

/**
 * A test of what an engine of its own bears: afterwards the engine must go on working, and must have left
 * no descriptor and no thread when it is closed.
 */
export function testEngine(
  name: string,
  body: (engine: LockEngine) => void | Promise<void>,
  options: EngineOptions = { maxThreads: 2 },
): void {
  test(name, async () => {
    const before = await ownState();
    const engine = new LockEngine(options);
    await body(engine);
    await assertWorks(engine);
    await engine.close();
    assert.is(engine.stats().threads, 0);
    await assertLeft(before);
  });
}

/** What a process has of its own. */
export interface OwnState {
  /** Descriptors of files of the test, and of watches. */
  readonly files: readonly string[];
  /** How many descriptors there are in all. */
  readonly fds: number;
  readonly threads: number;
}

let warm = false;

/** Looks what there is now, once everything is there that a runtime makes in passing. */
export async function ownState(): Promise<OwnState> {
  if (!warm) {
    const engine = new LockEngine({ maxThreads: 2 });
    await assertWorks(engine, 'in a thread');
    await engine.close();
    await start(['true']).ended;
    warm = true;
  }
  return state();
}

function state(): OwnState {
  return {
    files: [...openFds(temp), ...openFds('anon_inode:inotify')],
    fds: openFds('').filter((fd) => !isRuntimes(fd)).length,
    threads: threads().length,
  };
}

/** By their names: on Deno and Bun without those that do not run programs, which come and go. */
function threads(): string[] {
  return readdirSync('/proc/self/task').map((thread) => {
    try {
      return readFileSync(`/proc/self/task/${thread}/comm`, 'utf8').trim();
    } catch {
      return 'gone';
    }
  }).filter((name) => runtime === 'node' || /^worker/i.test(name));
}

/**
 * Deno keeps the event loop's descriptors of each `Worker` that has ended, and has sockets of its own; Bun
 * keeps a loop once it has waited for a child.
 */
function isRuntimes(fd: string): boolean {
  return runtime !== 'node' && /anon_inode:\[event(fd|poll)\]$| socket:/.test(fd);
}

/** Sees to it that there is no more than before. A thread that has ended may be there for a moment. */
export async function assertLeft(before: OwnState): Promise<void> {
  assert.equal(state().files, before.files, 'descriptors are left open');
  const few = (): boolean => state().threads <= before.threads && state().fds <= before.fds;
  await eventually(`no more than before`, few, 3000).catch((error) => {
    throw new Error(
      `${error.message}: ${JSON.stringify([before, state(), threads(), openFds('')])}`,
    );
  });
}

/**
 * The engine takes a free lock, and waits for another one: in a thread, but for a second after one has
 * failed, which some tests do not wait for.
 */
export async function assertWorks(engine: LockEngine, where?: 'in a thread'): Promise<void> {
  const path = newFile();
  engine.tryLock(path)!.release();
  const held = holdElsewhere(path);
  const waiting = engine.lock(path);
  await eventually('the wait', () => waitersInKernel(path) + engine.stats().parked > 0);
  if (where !== undefined) await mustBlock(path);
  held.release();
  (await within(5000, 'the grant', waiting)).release();
  const { queued, blocked, parked } = engine.stats();
  assert.equal({ queued, blocked, parked }, { queued: 0, blocked: 0, parked: 0 });
}
