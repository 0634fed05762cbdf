import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lock, spawnLocked } from '../../mod.ts';
import { witnessCommand } from './container.ts';
import { isGone, pause, pick, type Storm } from './messages.ts';
import type { StormRuntime } from './tree.ts';
import { enter } from './witness.ts';

/** How long a launch waits for its lock, in milliseconds. */
const PATIENCE = 1000;
/** The longest time for which a launch keeps its container, in milliseconds. */
const LONGEST_STAY = 40;
/** The longest rest between two launches, in milliseconds: collectors need gaps to get in. */
const LONGEST_REST = 80;

/** Launches containers one after the other, as long as the storm lasts. */
export async function launcher(storm: Storm): Promise<void> {
  while (!storm.stop.aborted) {
    const runtime = pick(storm.runtimes);
    try {
      await launch(storm, runtime);
    } catch (error) {
      if (storm.stop.aborted) return;
      const { code } = error as NodeJS.ErrnoException;
      if (!isGone(error) && code !== 'ERR_LOCK_TIMEOUT') storm.violation((error as Error).message);
    }
    await pause(storm, Math.random() * LONGEST_REST);
  }
}

/**
 * One launch, which must find its runtime unchanged from the lock's grant to the container's end.
 *
 * Our own lock is released as soon as the program has started, so that afterwards only what the
 * program inherited (and bwrap's own lock) protects it. The program stays until its stdin ends.
 * That is what makes the evidence sound: our marker goes first, then the stdin, then the
 * program, and with it the lock; so a marker never outlives the lock it stands for.
 */
async function launch(storm: Storm, runtime: StormRuntime): Promise<void> {
  const began = performance.now();
  const held = await lock(runtime.ref, { mode: 'shared', timeout: PATIENCE, signal: storm.stop });
  storm.waits.add(performance.now() - began);
  const marker = enter(storm.witness, runtime.name, 'shared');
  let child;
  let expected;
  try {
    for (const other of marker.intruders()) {
      storm.violation(`${runtime.name}: a launch got its lock while ${other} was in`);
    }
    expected = runtime.removable ? readStamp(runtime) : '';
    const [command, ...args] = witnessCommand(runtime, storm.container, expected);
    child = spawnLocked(held, command!, args, { stdio: ['pipe', 'ignore', 'pipe'] });
    if (child.pid === undefined) {
      const [error] = await once(child, 'error');
      throw error;
    }
  } catch (error) {
    marker.remove();
    throw isGone(error)
      ? new Error(`${runtime.name}: gone while a launch held its lock: ${(error as Error).message}`)
      : error;
  } finally {
    held.release();
  }
  storm.count.launches++;
  let stderr = '';
  child.stderr!.on('data', (data) => stderr += data);
  child.stdin!.on('error', () => {});
  const ended = new Promise<string>((resolve) => {
    child.once('close', (code, signal) => resolve(signal ?? String(code)));
  });
  const stay = pause(storm, Math.random() * LONGEST_STAY).then(() => undefined);
  let end = await Promise.race([ended, stay]);
  const early = end !== undefined ? ' before its time' : '';
  if (!early && runtime.removable) {
    const found = tryReadStamp(runtime);
    if (found !== expected) {
      storm.violation(`${runtime.name}: ${found ?? 'nothing'} instead of ${expected}`);
    }
  }
  marker.remove();
  child.stdin!.end();
  end ??= await ended;
  if (end === '0' && !early) return;
  storm.violation(`${runtime.name}: ${meaning(end)}${early}${stderr && `: ${firstLine(stderr)}`}`);
}

function meaning(end: string): string {
  if (end === '41') return 'gone, as seen from inside';
  if (end === '42') return 'changed, as seen from inside';
  return `the container ended with ${end}`;
}

function readStamp({ root, stamp }: StormRuntime): string {
  return readFileSync(join(root, stamp), 'utf8');
}

function tryReadStamp(runtime: StormRuntime): string | undefined {
  try {
    return readStamp(runtime);
  } catch {
    return undefined;
  }
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]!;
}
