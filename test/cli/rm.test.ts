import { chmodSync, existsSync, linkSync, readdirSync, symlinkSync } from 'node:fs';
import { writeFileSync } from 'node:fs';
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

/** Makes a runtime that was in use once: its `.ref` says that it is one. */
function usedRuntime(path = newPath()): string {
  writeFileSync(join(sampleRuntime(path), '.ref'), '');
  return path;
}

test('rm removes a runtime, or tells what it would remove', async () => {
  const runtime = usedRuntime();
  const before = all(runtime);
  const dry = await ends(0, 'rm', '--dry-run', runtime);
  assert.match(dry.out.join('\n'), /^would remove ".*" \([\d.]+ kB, 6 inodes\)$/);
  assert.equal(all(runtime), before);

  const { out, err } = await ends(0, 'rm', runtime);
  assert.match(out.join('\n'), new RegExp(`^removed "${runtime}" \\([\\d.]+ kB, 6 inodes\\)$`));
  assert.equal(err, []);
  assert.not(existsSync(runtime));
});

test('rm --json prints the result', async () => {
  const runtime = usedRuntime();
  const { out } = await ends(0, 'rm', '--json', runtime);
  const { freedBytes, ...rest } = JSON.parse(out.join('\n'));
  assert.ok(freedBytes > 0);
  const result = { path: runtime, dryRun: false, removed: true, holders: [], freedInodes: 6 };
  assert.equal(rest, result);
});

testInContainer('rm ends with 75 and names the container that uses the runtime', async () => {
  const runtime = usedRuntime();
  const ref = join(runtime, '.ref');
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
  const runtime = usedRuntime();
  const ref = join(runtime, '.ref');
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
  const [runtime, other] = [usedRuntime(), usedRuntime()];
  // Root itself, but bound by the permissions of files.
  const rm = (status: number, path: string, ...args: string[]) => {
    chmodSync(join(path, 'bin'), 0o555);
    const command = [...scriptCommand('src/cli/main.ts'), 'rm', ...args, path];
    return ended(start([...container, '--cap-drop', 'CAP_DAC_OVERRIDE', ...command]), status);
  };
  const dry = await rm(69, runtime, '--dry-run');
  assert.equal(dry, {
    out: [],
    err: [
      `reflock: Cannot remove "${runtime}": cannot delete "${runtime}/bin": permission denied ` +
      '(EACCES from access)',
    ],
  });
  const { out, err } = await rm(1, runtime);
  assert.match(out.join('\n'), /^removed /);
  const [, place] = err[0]!.match(
    /^reflock: Cannot delete "(.*\/tmp-partial-\w+)\/bin\/program": .* \(EACCES from unlink\)$/,
  )!;
  assert.ok(existsSync(join(place!, 'bin/program')));
  const json = await rm(1, other, '--json');
  assert.equal(json.err, []);
  const { remains } = JSON.parse(json.out.join('\n'));
  assert.is(remains.failures[0].path, 'bin/program');
  assert.ok(existsSync(join(remains.path, 'bin/program')));
  assert.not(existsSync(runtime) || existsSync(other));
  for (const left of [place!, remains.path]) {
    chmodSync(join(left, 'bin'), 0o755);
    await ends(0, 'rm', left);
    assert.not(existsSync(left), 'what is left is removed by the name that the message tells');
  }
});

testInContainer(
  'rm ends with 69 and touches nothing when something is mounted in the runtime',
  async () => {
    const runtime = usedRuntime();
    const before = all(runtime);
    const mount = join(runtime, 'bin/program');
    for (const args of [['--dry-run'], []]) {
      const command = [...scriptCommand('src/cli/main.ts'), 'rm', ...args, runtime];
      const program = start([...container, '--ro-bind', `${root}/package.json`, mount, ...command]);
      const { out, err } = await ended(program, 69);
      assert.equal([out, err.length], [[], 1]);
      assert.ok(err[0]!.endsWith(`"${runtime}": something is mounted at "${mount}"`), err[0]);
      assert.equal(all(runtime), before);
    }
  },
);

test('rm ends with 75 when what lies in the runtime is in use, or what it lies in', async () => {
  const inner = newPath();
  usedRuntime(join(inner, 'files/usr'));
  writeFileSync(join(inner, 'files/.ref'), '');
  const outer = newPath();
  usedRuntime(join(outer, 'usr'));
  writeFileSync(join(outer, '.ref'), '');
  const cases = [
    [join(inner, 'files/usr/.ref'), inner],
    [join(outer, '.ref'), join(outer, 'usr')],
  ] as const;
  for (const [ref, path] of cases) {
    const before = all(path);
    const holder = await holdBy('ofd', ref, 'shared');
    for (const args of [['--dry-run'], [], ['--force-runtime']]) {
      const { out, err } = await ends(75, 'rm', ...args, path);
      assert.equal([out, err.length], [[], 1]);
      assert.ok(
        err[0]!.startsWith(`reflock: Cannot lock "${ref}" for writing: held by pid `),
        err[0],
      );
    }
    assert.equal(all(path), before);
    await holder.end();
    await ends(0, 'rm', path);
    assert.not(existsSync(path));
  }
});

test('rm that is interrupted while it waits has removed nothing', async () => {
  const runtime = usedRuntime();
  const ref = join(runtime, '.ref');
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
    const runtime = usedRuntime(join(parent, 'runtime'));
    writeFileSync(join(parent, '.ref'), '');
    for (let i = 0; i < size; i++) linkSync(`${runtime}/bin/program`, `${runtime}/lib/deep/${i}`);
    const program = reflock('rm', runtime);
    await eventually('the runtime is gone from its path', () => !existsSync(runtime));
    process.kill(program.child.pid!, 'SIGINT');
    if ((await program.ended).code === 0 && size < 60_000) continue;
    const { out, err } = await ended(program, 130);
    const left = `"${runtime}" is as it was, or else garbage (tmp-partial-*) beside its path`;
    assert.equal([out, err], [[], [`reflock: Interrupted by SIGINT: ${left}`]]);
    assert.match(readdirSync(parent).sort().join(), /^\.ref,tmp-partial-\w+$/);
    await ends(0, 'gc', parent);
    return assert.equal(readdirSync(parent), ['.ref']);
  }
});

test('rm ends with 64 for bad usage, and has touched nothing', async () => {
  const runtime = usedRuntime();
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
  const runtime = usedRuntime();
  const link = newPath();
  symlinkSync(runtime, link);
  const fails = async (message: RegExp, path: string) => {
    const { out, err } = await ends(69, 'rm', path);
    assert.equal([out, err.length], [[], 1]);
    assert.match(err[0]!, message);
  };
  await fails(
    /^reflock: Cannot remove ".*": it is a symbolic link, not the directory itself$/,
    link,
  );
  await fails(/^reflock: Cannot remove ".*": it has no files\//, `${runtime}/bin`);
  await fails(/^reflock: Cannot remove "": no such file or directory/, '');
  assert.ok(existsSync(`${runtime}/bin/program`));
});

test('rm ends with 69 and touches nothing that nothing says is a runtime; --force-runtime removes it', async () => {
  const home = sampleRuntime();
  const before = all(home);
  for (const args of [[], ['--dry-run'], ['--wait']]) {
    const { out, err } = await ends(69, 'rm', ...args, home);
    assert.equal([out, err], [[], [
      `reflock: Cannot remove "${home}": nothing says that it is a runtime: it has no .ref and no ` +
      'manifest; if it is one, use it once (reflock use), or tell rm to force it (--force-runtime)',
    ]]);
    assert.equal(all(home), before);
  }
  const { out } = await ends(0, 'rm', '--force-runtime', '--dry-run', home);
  assert.match(out.join('\n'), /^would remove ".*" \([\d.]+ kB, 5 inodes\)$/);
  assert.equal(all(home), before);
  const done = await ends(0, 'rm', '--force-runtime', home);
  assert.match(
    done.out.join('\n'),
    /^removed ".*" \([\d.]+ kB, 5 inodes\)$/,
    'without its new .ref',
  );
  assert.not(existsSync(home));
});

test('rm removes what `reflock use` has used once, and what has a manifest', async () => {
  const used = sampleRuntime();
  await ends(0, 'use', used, '--', 'true');
  await ends(0, 'rm', used);
  const deployment = newPath();
  sampleRuntime(join(deployment, 'files'));
  writeFileSync(join(deployment, 'usr-mtree.txt.gz'), '');
  await ends(0, 'rm', deployment);
  assert.not(existsSync(used) || existsSync(deployment));
});

test('on a terminal rm shows a bar, and leaves nothing of it', async () => {
  const runtime = usedRuntime();
  const { program, written } = reflockOnTerminal('rm', runtime);
  assert.is((await program.ended).code, 0);
  assert.match(written(), /rm \[=+\] 100% of \d+ files/);
  const [line, ...rest] = shownLines(written());
  assert.match(line!, /^removed "/);
  assert.equal(rest, ['']);

  const json = reflockOnTerminal('rm', '--json', usedRuntime());
  assert.is((await json.program.ended).code, 0);
  assert.not.match(json.written(), /rm \[/);
  assert.ok(JSON.parse(shownLines(json.written())[0]!).removed);
});

test.run();
