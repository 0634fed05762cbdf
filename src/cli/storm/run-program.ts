import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Lock, spawnLocked, tryLock } from '../../mod.ts';
import { witnessCommand } from './container.ts';
import { isGone, pause, type Storm } from './messages.ts';
import type { StormTree } from './tree.ts';
import type { Marker } from './witness.ts';

/** The longest time for which a launch keeps its container, in milliseconds. */
const LONGEST_STAY = 40;

/**
 * Runs the witness program in a tree that is locked for use, and in which our marker stands. The
 * tree must stay unchanged from the lock's grant to the container's end.
 *
 * Our own lock is released as soon as the program has started, so that then only what the program
 * inherited protects it (and bwrap's own lock, which its pid 1 takes after it has started the
 * program). The program stays until its stdin ends, and before that we lock again. Hence somebody
 * holds a lock at every moment, and our marker, which goes before our second lock does, never
 * stands for a lock that has ended. Without the second lock a program that ends quickly could
 * leave the tree to a collector before bwrap has got its own, and bwrap would fail.
 *
 * A lock that nobody inherits is kept until the program has ended.
 */
export async function runProgram(
  storm: Storm,
  tree: StormTree,
  held: Lock,
  marker: Pick<Marker, 'remove'>,
): Promise<void> {
  const { name } = tree;
  let child;
  let expected;
  try {
    expected = tree.removable ? readStamp(tree) : '';
    const [command, ...args] = witnessCommand(tree, storm.container, expected);
    child = start(held, command!, args);
    if (child.pid === undefined) {
      const [error] = await once(child, 'error');
      throw error;
    }
  } catch (error) {
    marker.remove();
    held.release();
    throw isGone(error)
      ? new Error(`${name}: gone while a launch held its lock: ${(error as Error).message}`)
      : error;
  }
  if (held.kind === 'ofd') held.release();
  storm.count.launches++;
  let stderr = '';
  child.stderr!.on('data', (data) => stderr += data);
  child.stdin!.on('error', () => {});
  const ended = new Promise<string>((resolve) => {
    child.once('close', (code, signal) => resolve(signal ?? String(code)));
  });
  const stay = pause(storm, Math.random() * LONGEST_STAY).then(() => undefined);
  let end = await Promise.race([ended, stay]);
  // A container that ends by itself has lost its lock before our marker goes, so a collector may
  // report us; but then a promise, or the container, is broken already.
  const early = end !== undefined;
  const again = early ? undefined : lockAgain(storm, tree, expected);
  child.stdin!.end();
  end ??= await ended;
  marker.remove();
  again?.release();
  held.release();
  if (end === '0' && !early) return;
  storm.violation(`${name}: ${meaning(end)}${stderr && `: ${firstLine(stderr)}`}`);
}

function start(held: Lock, command: string, args: readonly string[]): ChildProcess {
  const options: SpawnOptions = { stdio: ['pipe', 'ignore', 'pipe'] };
  return held.kind === 'ofd'
    ? spawnLocked(held, command, args, options)
    : spawn(command, args, options);
}

/** Joins the lock that the program must have, on a tree that must be the same. */
function lockAgain(storm: Storm, tree: StormTree, expected: string): Lock | undefined {
  const { name, ref, removable } = tree;
  try {
    const found = removable ? readStamp(tree) : '';
    if (found !== expected) storm.violation(`${name}: ${found} instead of ${expected}`);
    const again = tryLock(ref, { mode: 'shared' });
    if (!again) storm.violation(`${name}: locked exclusively, while a program inherited the lock`);
    return again;
  } catch (error) {
    storm.violation(`${name}: gone while a program held its lock: ${(error as Error).message}`);
    return undefined;
  }
}

function meaning(end: string): string {
  if (end === '41') return 'gone, as seen from inside';
  if (end === '42') return 'changed, as seen from inside';
  return `the container ended with ${end}`;
}

function readStamp({ root, stamp }: StormTree): string {
  return readFileSync(join(root, stamp), 'utf8');
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]!;
}
