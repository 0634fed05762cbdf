import { existsSync, linkSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { commandLine, container, testInContainer } from '../support/container.ts';
import { eventually } from '../support/eventually.ts';
import { holdBy } from '../support/holding.ts';
import { startLocker } from '../support/locker.ts';
import { mustBlock } from '../support/must-block.ts';
import { start } from '../support/process.ts';
import { all, ended, ends, isFree, reflock, sampleRuntime } from '../support/reflock.ts';
import { root, scriptCommand } from '../support/runtime.ts';
import { newPath } from '../support/temp.ts';
import { reflockOnTerminal, shownLines } from '../support/terminal.ts';

test('rm removes a runtime, or tells what it would remove', async () => {
  const runtime = sampleRuntime();
  const before = all(runtime);
  const dry = await ends(0, 'rm', '--dry-run', runtime);
  assert.match(dry.out.join('\n'), /^would remove ".*" \([\d.]+ kB, 5 inodes\)$/);
  assert.equal(all(runtime), before);

  const { out, err } = await ends(0, 'rm', runtime);
  assert.match(out.join('\n'), new RegExp(`^removed "${runtime}" \\([\\d.]+ kB, 6 inodes\\)$`));
  assert.equal(err, []);
  assert.not(existsSync(runtime));
});

test('rm --json prints the result', async () => {
  const runtime = sampleRuntime();
  const { out } = await ends(0, 'rm', '--json', runtime);
  const { freedBytes, ...rest } = JSON.parse(out.join('\n'));
  assert.ok(freedBytes > 0);
  const result = { path: runtime, dryRun: false, removed: true, holders: [], freedInodes: 6 };
  assert.equal(rest, result);
});

testInContainer('rm ends with 75 and names the container that uses the runtime', async () => {
  const runtime = sampleRuntime();
  const ref = join(runtime, '.ref');
  writeFileSync(ref, '');
  const inside = await holdBy('bwrap', ref, 'shared');
  for (const args of [[], ['--dry-run'], ['--json']]) {
    const { out, err } = await ends(75, 'rm', ...args, runtime);
    assert.equal([out, err.length], [[], 1]);
    const start = `reflock: Cannot lock "${ref}" for writing: held by pid `;
    assert.ok(err[0]!.startsWith(start), err[0]);
    const [, pid] = err[0]!.slice(start.length).match(/^(\d+) \(bwrap\)$/)!;
    assert.ok(commandLine(pid!).includes(ref));
  }
  assert.ok(existsSync(`${runtime}/bin/program`));
  await inside.end();
  await ends(0, 'rm', runtime);
});

test('rm --wait waits until nobody uses the runtime, and names who does without it', async () => {
  const runtime = sampleRuntime();
  const ref = join(runtime, '.ref');
  writeFileSync(ref, '');
  const locker = await startLocker('posix', ref);
  await locker.try('shared');
  const { pid } = locker.program.child;
  assert.equal((await ends(75, 'rm', runtime)).err, [
    `reflock: Cannot lock "${ref}" for writing: held by pid ${pid} (python3)`,
  ]);
  const program = reflock('rm', '--wait', runtime);
  await mustBlock(ref);
  assert.ok(existsSync(`${runtime}/bin/program`));
  await locker.end();
  const { err } = await ended(program, 0);
  assert.equal(err, [
    `reflock: waiting for "${ref}" to lock it for writing: held by pid ${pid} (python3)`,
  ]);
  assert.not(existsSync(runtime));
});

testInContainer('rm ends with 1 and names what could not be deleted', async () => {
  const [runtime, other] = [sampleRuntime(), sampleRuntime()];
  const rm = (path: string, ...args: string[]) => {
    const mount = ['--ro-bind', `${root}/package.json`, join(path, 'bin/program')];
    return start([
      ...container,
      ...mount,
      ...scriptCommand('src/cli/main.ts'),
      'rm',
      ...args,
      path,
    ]);
  };
  const { out, err } = await ended(rm(runtime), 1);
  assert.match(out.join('\n'), /^removed /);
  assert.match(
    err[0]!,
    /^reflock: Cannot delete ".*\/tmp-partial-\w+\/bin\/program": .* \(EBUSY from unlink\)$/,
  );
  const json = await ended(rm(other, '--json'), 1);
  assert.equal(json.err, []);
  const { remains } = JSON.parse(json.out.join('\n'));
  assert.is(remains.failures[0].path, 'bin/program');
  assert.ok(existsSync(join(remains.path, 'bin/program')));
  assert.not(existsSync(runtime) || existsSync(other));
});

test('rm that is interrupted while it waits has removed nothing', async () => {
  const runtime = sampleRuntime();
  const ref = join(runtime, '.ref');
  writeFileSync(ref, '');
  const locker = await startLocker('ofd', ref);
  await locker.try('shared');
  const program = reflock('rm', '--wait', runtime);
  await mustBlock(ref);
  process.kill(program.child.pid!, 'SIGTERM');
  await ended(program, 143);
  await locker.end();
  assert.ok(existsSync(`${runtime}/bin/program`) && isFree(ref));
});

test('rm that is interrupted in the middle leaves garbage for gc', async () => {
  // The tree must take longer to be deleted than it takes to see that it is being deleted.
  for (let size = 1000;; size *= 4) {
    const parent = newPath();
    const runtime = sampleRuntime(join(parent, 'runtime'));
    for (let i = 0; i < size; i++) linkSync(`${runtime}/bin/program`, `${runtime}/lib/deep/${i}`);
    const program = reflock('rm', runtime);
    await eventually('the runtime is gone from its path', () => !existsSync(runtime));
    process.kill(program.child.pid!, 'SIGINT');
    if ((await program.ended).code === 0 && size < 60_000) continue;
    const { out, err } = await ended(program, 130);
    const left = `"${runtime}" is as it was, or else garbage (tmp-partial-*) beside its path`;
    assert.equal([out, err], [[], [`reflock: Interrupted by SIGINT: ${left}`]]);
    assert.match(readdirSync(parent).join(), /^tmp-partial-\w+$/);
    await ends(0, 'gc', parent);
    return assert.equal(readdirSync(parent), ['.ref']);
  }
});

test('rm ends with 64 for bad usage, and has touched nothing', async () => {
  const runtime = sampleRuntime();
  const before = all(runtime);
  const usage: [string, string[]][] = [
    ['No RUNTIME given; see reflock rm --help', []],
    [`Unknown argument "${runtime}"`, [runtime, runtime]],
    ['Unknown argument "--dry-run": options come before RUNTIME', [runtime, '--dry-run']],
    ['Unknown option "-r"; see reflock --help', ['-r', runtime]],
    ['The option "--wait" takes no value', ['--wait=1', runtime]],
  ];
  for (const [message, args] of usage) {
    assert.equal((await ends(64, 'rm', ...args)).err, [`reflock: ${message}`]);
  }
  assert.equal(all(runtime), before);
});

test('rm ends with 69 and one line for what is no runtime', async () => {
  const runtime = sampleRuntime();
  const link = newPath();
  symlinkSync(runtime, link);
  const fails = async (message: RegExp, path: string) => {
    const { out, err } = await ends(69, 'rm', path);
    assert.equal([out, err.length], [[], 1]);
    assert.match(err[0]!, message);
  };
  await fails(/^reflock: Cannot remove ".*": it is a symbolic link, not the runtime itself$/, link);
  await fails(/^reflock: Cannot use ".*" as a runtime: it has no files\//, `${runtime}/bin`);
  await fails(/^reflock: Cannot use "" as a runtime: no such file or directory/, '');
  assert.ok(existsSync(`${runtime}/bin/program`));
});

test('on a terminal rm shows a bar, and leaves nothing of it', async () => {
  const runtime = sampleRuntime();
  const { program, written } = reflockOnTerminal('rm', runtime);
  assert.is((await program.ended).code, 0);
  assert.match(written(), /rm \[=+\] 100% of \d+ files/);
  const [line, ...rest] = shownLines(written());
  assert.match(line!, /^removed "/);
  assert.equal(rest, ['']);

  const json = reflockOnTerminal('rm', '--json', sampleRuntime());
  assert.is((await json.program.ended).code, 0);
  assert.not.match(json.written(), /rm \[/);
  assert.ok(JSON.parse(shownLines(json.written())[0]!).removed);
});

test.run();
