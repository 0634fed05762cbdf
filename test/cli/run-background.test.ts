import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { testInContainer } from '../support/container.ts';
import { eventually } from '../support/eventually.ts';
import { type Program, start } from '../support/process.ts';
import { isFree, reflock } from '../support/reflock.ts';
import { scriptCommand } from '../support/runtime.ts';
import { newFile, newPath } from '../support/temp.ts';

/** How long the child lives after COMMAND, in milliseconds. */
const CHILD = 2500;

/** What was seen of a command that leaves a child behind. */
interface Seen {
  /** Milliseconds from the end of COMMAND to that of the wrapper. */
  readonly took: number;
  /** Whether the child still lived then, and whether the lock was free. */
  readonly childLives: boolean;
  readonly free: boolean;
  /** Whether the lock was held while the wrapper was there. */
  readonly locked: boolean;
}

/** Runs a command that exits with 5 and leaves behind a child that ignores SIGTERM. */
async function leaveChild(...options: string[]): Promise<Seen> {
  const path = newFile();
  const script = `trap '' TERM; { sleep ${CHILD / 1000}; } >/dev/null 2>&1 & echo $!; exit 5`;
  const program = reflock('run', ...options, '--write', '--lock-file', path, 'sh', '-c', script);
  const child = Number(await program.line());
  const began = performance.now();
  const locked = isFree(path) === false;
  const { code, signal } = await program.ended;
  const seen = { took: performance.now() - began, childLives: lives(child), free: isFree(path) };
  assert.equal([code, signal], [5, null], program.stderr());
  if (seen.childLives) process.kill(child, 'SIGKILL');
  return { ...seen, locked };
}

function lives(pid: number): boolean {
  return existsSync(`/proc/${pid}`);
}

function isChildOf(pid: number, parent: number): boolean {
  return readFileSync(`/proc/${pid}/status`, 'utf8').includes(`\nPPid:\t${parent}\n`);
}

/** The next lines of a program. */
async function linesOf(program: Program, count: number): Promise<string[]> {
  const lines: string[] = [];
  while (lines.length < count) lines.push((await program.line())!);
  return lines;
}

/** The rows of the table, all at a time: most of it is waiting for the child. */
const rows: [options: string[], least: number, most: number, childLives: boolean][] = [
  [[], 0, CHILD, true],
  [['--subreaper'], CHILD, Infinity, false],
  [['--terminate-timeout=1'], 1000, CHILD, false],
  [['--terminate-timeout=1', '--terminate-idle-timeout=0.7'], 1700, CHILD, false],
  [['--terminate-timeout=0', '--no-subreaper'], 0, CHILD, false],
];
const seen = Promise.all(rows.map(([options]) => leaveChild(...options)));
for (const [index, [options, least, most, childLives]] of rows.entries()) {
  const when = childLives || most === Infinity ? '' : ' and kills the child';
  test(`run ${options.join(' ')} ends ${least} ms after COMMAND${when}`, async () => {
    const row = (await seen)[index]!;
    // The child has begun to sleep a little before COMMAND has ended.
    assert.ok(row.took >= least - 100 && row.took < most, `${row.took} ms`);
    assert.is(row.childLives, childLives);
    // Where the wrapper ends at once, it may have done so before anybody could look.
    if (least > 0) assert.ok(row.locked, 'locked while the wrapper is there');
    assert.ok(row.free, 'free afterwards');
  });
}

test('run --no-subreaper and a negative --terminate-timeout do as if nothing was given', async () => {
  const { childLives } = await leaveChild(
    '--subreaper',
    '--no-subreaper',
    '--terminate-timeout=-1',
  );
  assert.ok(childLives);
});

test('run --terminate-timeout sends SIGTERM first, also to what is stopped and to grandchildren', async () => {
  const path = newFile();
  // The child and the grandchild say so and end; the stopped one ends by its default.
  const child = `trap 'echo TERM child; exit' TERM; echo ready; while :; do sleep 0.05; done`;
  const script = `sh -c "$1" & sh -c 'sh -c "$1" & wait' sh "$1" & sleep 60 >/dev/null & ` +
    `kill -STOP $!; echo stopped $!; read line`;
  const program = reflock(
    ...['run', '--terminate-timeout=60', '--lock-file', path],
    ...['sh', '-c', script, 'sh', child],
  );
  const lines = await linesOf(program, 3);
  assert.equal(lines.filter((line) => line === 'ready').length, 2);
  const stopped = Number(lines.find((line) => line.startsWith('stopped'))!.split(' ')[1]);
  program.send('end');
  assert.equal(await linesOf(program, 2), ['TERM child', 'TERM child']);
  assert.equal(await program.ended, { code: 0, signal: null });
  assert.not(lives(stopped));
  assert.ok(isFree(path));
});

test('run --terminate-timeout=0 kills what comes to be its child only by a kill', async () => {
  const count = newPath();
  // Five generations, each of which starts the next one before it sleeps.
  writeFileSync(count, '#!/bin/sh\n[ "$1" -gt 0 ] && "$0" $(($1 - 1)) & echo $$; exec sleep 60\n', {
    mode: 0o755,
  });
  const program = reflock('run', '--terminate-timeout=0', 'sh', '-c', `${count} 4 & read line`);
  const pids = (await linesOf(program, 5)).map(Number);
  program.send('end');
  assert.equal(await program.ended, { code: 0, signal: null });
  for (const pid of pids) assert.not(lives(pid), `${pid} lives`);
});

test('run --terminate-timeout=0 kills those who start others all the time', async () => {
  const chain = newPath();
  // Each of them starts the next one and ends, so no look at the processes finds all of them.
  writeFileSync(chain, '#!/bin/sh\n"$0" & exit\n', { mode: 0o755 });
  const script = `for i in 1 2 3 4; do ${chain} & done >/dev/null 2>&1; exit 2`;
  const program = reflock('run', '--terminate-timeout=0', 'sh', '-c', script);
  assert.equal(await program.ended, { code: 2, signal: null });
});

testInContainer('run finds the child to kill where /proc shows another pid namespace', async () => {
  const path = newFile();
  const container = ['bwrap', '--unshare-pid', '--dev-bind', '/', '/', '--'];
  const wrapper = [...scriptCommand('src/cli/main.ts'), 'run', '--terminate-timeout=0'];
  const command = ['sh', '-c', '{ sleep 600; } >/dev/null 2>&1 & exit 4'];
  const program = start([...container, ...wrapper, '--lock-file', path, ...command]);
  assert.equal(await program.ended, { code: 4, signal: null });
  assert.ok(isFree(path));
});

test('SIGTERM after COMMAND has ended goes to the descendants, and the lock stays until they are gone', async () => {
  const path = newFile();
  const fifo = newPath();
  const child = `trap 'echo TERM child; read line < ${fifo}; exit' TERM; echo ready $$; ` +
    `while :; do sleep 0.05; done`;
  const script = `mkfifo ${fifo}; sh -c "$1" & exit 3`;
  const program = reflock(
    ...['run', '--subreaper', '--write', '--lock-file', path],
    ...['sh', '-c', script, 'sh', child],
  );
  const pid = Number((await program.line())!.split(' ')[1]);
  await eventually('the child is adopted', () => isChildOf(pid, program.child.pid!));
  process.kill(program.child.pid!, 'SIGTERM');
  assert.is(await program.line(), 'TERM child');
  assert.not(isFree(path));
  assert.is(program.child.exitCode, null);
  writeFileSync(fifo, 'go on\n');
  assert.equal(await program.ended, { code: 3, signal: null });
  assert.ok(isFree(path));
});

test.run();
