import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { commandLine, container, testInContainer } from '../support/container.ts';
import { holdBy } from '../support/holding.ts';
import { startLocker } from '../support/locker.ts';
import { mustBlock } from '../support/must-block.ts';
import { start } from '../support/process.ts';
import { all, ended, ends, isFree, reflock, sampleRuntime } from '../support/reflock.ts';
import type { Written } from '../support/reflock.ts';
import { root, scriptCommand } from '../support/runtime.ts';
import { newPath } from '../support/temp.ts';
import { reflockOnTerminal, shownLines } from '../support/terminal.ts';

/** Some user who is not root. */
const OTHER = 2001;
const testAsRoot = process.getuid!() === 0 ? test : test.skip;
if (testAsRoot === test.skip) console.log('skipped: files of other users need the superuser');

/** A directory in which nobody has made a copy, though these names may look like it. */
function home(...names: string[]): string {
  const parent = newPath();
  mkdirSync(parent);
  for (const name of names) sampleRuntime(join(parent, name, 'usr'));
  return parent;
}

/** A directory of copies, in which these copies lie. */
function copies(...names: string[]): string {
  const parent = home(...names);
  writeFileSync(join(parent, '.ref'), '');
  return parent;
}

test('gc tells what it deleted, what it kept and why, and what that freed', async () => {
  const parent = copies('tmp-old', 'tmp-kept', 'donotdelete');
  writeFileSync(join(parent, 'tmp-kept/keep'), '');
  writeFileSync(join(parent, 'tmp-file'), '');
  const { out, err } = await ends(0, 'gc', parent);
  assert.equal(err, []);
  const [deleted, ...rest] = [...out].sort();
  assert.is(rest.pop(), `kept "${parent}/tmp-kept": it has an entry "keep"`);
  assert.is(rest.pop(), `kept "${parent}/tmp-file": not a directory`);
  assert.match(
    rest.join('\n'),
    new RegExp(`^deleted "${parent}/tmp-old" \\([\\d.]+ kB, 6 inodes\\)$`),
  );
  assert.match(deleted!, /^1 entry deleted, 2 kept: [\d.]+ kB, 6 inodes freed$/);
  assert.is(out.at(-1), deleted, 'the summary comes last');
  assert.equal(all(parent).filter((path) => !path.includes('/')).sort(), [
    ...['.ref', 'donotdelete', 'tmp-file', 'tmp-kept'],
  ]);
});

testInContainer('gc keeps what a container uses, and names the container', async () => {
  const parent = copies('tmp-used');
  const ref = join(parent, 'tmp-used/usr/.ref');
  writeFileSync(ref, '');
  const inside = await holdBy('bwrap', ref, 'shared');
  const { out } = await ends(0, 'gc', parent);
  const [, pid] = out[0]!.match(/^kept ".*\/tmp-used": in use: held by pid (\d+) \(bwrap\)$/)!;
  assert.ok(commandLine(pid!).includes(ref));
  assert.match(out[1]!, /^0 entries deleted, 1 kept: 0 B, 0 inodes freed$/);
  await inside.end();
  await ends(0, 'gc', parent);
  assert.equal(all(parent), ['.ref']);
});

test('gc --dry-run tells what it would delete, and touches nothing', async () => {
  const parent = copies('tmp-old');
  const before = all(parent);
  const { out } = await ends(0, 'gc', '--dry-run', parent);
  assert.match(out[0]!, /^would delete ".*\/tmp-old" \([\d.]+ kB, \d inodes\)$/);
  assert.match(out[1]!, /^1 entry would be deleted, 0 kept: [\d.]+ kB, \d inodes freed$/);
  assert.equal(all(parent), before);
});

test('gc --json prints the report', async () => {
  const parent = copies('tmp-old', 'other');
  const { out, err } = await ends(0, 'gc', '--json', parent);
  const { deleted, kept, freedBytes, freedInodes, ...rest } = JSON.parse(out.join('\n'));
  assert.equal(deleted.map(({ name }: { name: string }) => name), ['tmp-old']);
  assert.equal(kept.map(({ why }: { why: string }) => why), ['not-garbage']);
  assert.ok(freedBytes > 0 && freedInodes === deleted[0].inodes);
  assert.equal([rest, err], [{ parent, dryRun: false }, []]);
});

test('gc does nothing, which is no error, while somebody is about it; --wait waits', async () => {
  const parent = copies('tmp-old');
  const ref = join(parent, '.ref');
  const locker = await startLocker('ofd', ref);
  await locker.try('shared');
  const { out, err } = await ends(0, 'gc', parent);
  const { pid } = locker.program.child;
  assert.equal([out, err], [
    [`nothing was collected: "${ref}" is held by pid ${pid} (python3)`],
    [],
  ]);
  assert.ok(existsSync(`${parent}/tmp-old`));

  const program = reflock('gc', '--wait', parent);
  await mustBlock(ref);
  await locker.end();
  const waited = await ended(program, 0);
  assert.equal(waited.err, [
    `reflock: waiting for "${ref}" to lock it for writing: held by pid ${pid} (python3)`,
  ]);
  assert.not(existsSync(`${parent}/tmp-old`));
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`gc that waits ends by ${signal}, and has touched nothing`, async () => {
    const parent = copies('tmp-old');
    const ref = join(parent, '.ref');
    const before = all(parent);
    const locker = await startLocker('ofd', ref);
    await locker.try('shared');
    const program = reflock('gc', '--wait', parent);
    await mustBlock(ref);
    process.kill(program.child.pid!, signal);
    const { err } = await ended(program, signal === 'SIGINT' ? 130 : 143);
    const left = 'what is not deleted yet is garbage for the next time';
    assert.is(err.at(-1), `reflock: Interrupted by ${signal}: ${left}`);
    assert.equal(all(parent), before);
    await locker.end();
    assert.ok(isFree(ref));
  });
}

test('gc --current and --legacy-base collect what copies leave alone', async () => {
  const parent = copies('tmp-old', 'deploy-1', 'deploy-2', 'deploy-3', 'scout_0.1');
  const base = home('soldier_before_x', 'tmp-there');
  symlinkSync('nowhere', join(base, 'scout'));
  const args = ['--current', 'deploy-2', '--current=deploy-3', '--legacy-base', base];
  const { out } = await ends(0, 'gc', ...args, parent);
  for (const path of [`${parent}/deploy-1`, `${parent}/scout_0.1`, `${base}/scout`]) {
    assert.ok(out.some((line) => line.startsWith(`deleted "${path}" (`)), path);
  }
  for (const name of ['deploy-2', 'deploy-3']) {
    assert.ok(out.includes(`kept "${parent}/${name}": the current deployment`));
  }
  assert.match(out.at(-1)!, /^5 entries deleted, 2 kept: /);
  assert.ok(existsSync(`${parent}/deploy-2/usr`) && existsSync(`${base}/tmp-there/usr`));
});

testInContainer(
  'gc ends with 1 when something cannot be deleted, and so does --dry-run',
  async () => {
    const parent = copies('tmp-fixed', 'tmp-old');
    chmodSync(join(parent, 'tmp-fixed/usr/bin'), 0o555);
    // Root itself, but bound by the permissions of files.
    const gc = (...args: string[]) => {
      const command = [...scriptCommand('src/cli/main.ts'), 'gc', ...args, parent];
      return ended(start([...container, '--cap-drop', 'CAP_DAC_OVERRIDE', ...command]), 1);
    };
    const keptLine = ({ out }: Written) => out.find((line) => line.startsWith('kept '))!;
    const before = all(parent);
    const dry = await gc('--dry-run');
    assert.match(
      keptLine(dry),
      /^kept ".*\/tmp-fixed": cannot delete "tmp-fixed\/usr\/bin": permission denied \(EACCES from access\)$/,
    );
    assert.match(dry.out.at(-1)!, /^1 entry would be deleted, 1 kept: /);
    assert.equal(all(parent), before);

    const done = await gc();
    assert.match(
      keptLine(done),
      /^kept ".*\/tmp-fixed": cannot delete "tmp-partial-\w+\/usr\/bin\/program": permission denied \(EACCES from unlink\)$/,
    );
    assert.match(done.out.at(-1)!, /^1 entry deleted, 1 kept: /);
    assert.not(existsSync(`${parent}/tmp-old`));
    const [, partial] = readdirSync(parent).sort();
    chmodSync(join(parent, partial!, 'usr/bin'), 0o755);
    await ends(0, 'gc', parent);
    assert.equal(all(parent), ['.ref'], 'what was left is garbage for the next time');
  },
);

testInContainer('gc ends with 1 and touches nothing of a tree with a mount in it', async () => {
  const parent = copies('tmp-mount', 'tmp-old');
  const mount = join(parent, 'tmp-mount/usr/bin/program');
  const before = all(parent);
  for (const [args, word] of [[['--dry-run'], 'would be '], [[], '']] as const) {
    const command = [...scriptCommand('src/cli/main.ts'), 'gc', ...args, parent];
    const program = start([...container, '--ro-bind', `${root}/package.json`, mount, ...command]);
    const { out } = await ended(program, 1);
    const line = out.find((line) => line.startsWith(`kept "${parent}/tmp-mount": `))!;
    assert.ok(line.endsWith(`: something is mounted at "${mount}"`), line);
    assert.ok(out.at(-1)!.startsWith(`1 entry ${word}deleted, 1 kept: `), out.at(-1));
    if (args.length > 0) assert.equal(all(parent), before);
  }
  assert.equal(all(parent), before.filter((path) => !path.startsWith('tmp-old')));
});

test('gc ends with 1 when a copy that nobody uses cannot be locked', async () => {
  const parent = copies('tmp-odd', 'tmp-old');
  mkdirSync(join(parent, 'tmp-odd/.ref'));
  for (const args of [['--dry-run'], []]) {
    const { out } = await ends(1, 'gc', ...args, parent);
    assert.ok(
      out.some((line) => line.startsWith(`kept "${parent}/tmp-odd": Cannot lock "`)),
      out.join('\n'),
    );
  }
  assert.equal(readdirSync(parent).sort(), ['.ref', 'tmp-odd']);
});

test('gc ends with 69 and touches nothing where no copy was ever made; --force-parent collects', async () => {
  const parent = home('tmp-photos');
  const before = all(parent);
  for (const args of [[], ['--dry-run'], ['--wait'], ['--legacy-base', copies()]]) {
    const { out, err } = await ends(69, 'gc', ...args, parent);
    assert.equal([out, err], [[], [
      `reflock: Cannot collect in "${parent}": it has no .ref, so it never had copies, and what is ` +
      'called tmp-* may be anything (--force-parent)',
    ]]);
    assert.equal(all(parent), before);
  }
  const { out } = await ends(0, 'gc', '--force-parent', '--dry-run', parent);
  assert.match(out[0]!, /^would delete ".*\/tmp-photos" /);
  assert.equal(all(parent), before);
  await ends(0, 'gc', '--force-parent', parent);
  // It is not marked as a directory of copies for the next time.
  assert.equal(all(parent), []);
});

testAsRoot('gc keeps what other users have put into a directory for everybody', async () => {
  const parent = copies('tmp-theirs', 'tmp-old');
  chmodSync(parent, 0o1777);
  chownSync(join(parent, 'tmp-theirs'), OTHER, OTHER);
  const { out } = await ends(0, 'gc', parent);
  assert.ok(
    out.includes(
      `kept "${parent}/tmp-theirs": it belongs to uid ${OTHER}, and its directory does not`,
    ),
    out.join('\n'),
  );
  assert.equal(readdirSync(parent).sort(), ['.ref', 'tmp-theirs']);
});

test('gc ends with 64 for bad usage, and has touched nothing', async () => {
  const parent = copies('tmp-old', 'deploy-1');
  const before = all(parent);
  const usage: [string, string[]][] = [
    ['No PARENT given; see reflock gc --help', ['--dry-run']],
    [`Unknown argument "${parent}"`, [parent, parent]],
    ['Unknown argument "--dry-run": options come before PARENT', [parent, '--dry-run']],
    ['Unknown option "--dryrun"; did you mean "--dry-run"?', ['--dryrun', parent]],
    ['The option "--current" needs a value', ['--current']],
    [
      'The option "--current" must be a name that begins with "deploy-", not "1"',
      ['--current=1', parent],
    ],
  ];
  for (const [message, args] of usage) {
    assert.equal((await ends(64, 'gc', ...args)).err, [`reflock: ${message}`]);
  }
  assert.equal(all(parent), before);
});

test('gc ends with 69 and one line when it cannot collect', async () => {
  const missing = newPath();
  assert.equal((await ends(69, 'gc', missing)).err, [
    `reflock: Cannot open "${missing}": no such file or directory (ENOENT from open)`,
  ]);
  const parent = copies('tmp-old', 'deploy-1');
  const { err } = await ends(69, 'gc', '--current', 'deploy-l', parent);
  assert.match(err.join('\n'), /^reflock: Cannot keep ".*\/deploy-l" as current: no such file.*$/);
  assert.ok(existsSync(`${parent}/tmp-old`));
});

test('on a terminal gc shows a bar, and leaves nothing of it', async () => {
  const parent = copies('tmp-1', 'tmp-2', 'other');
  const { program, written } = reflockOnTerminal('gc', parent);
  assert.is((await program.ended).code, 0);
  assert.match(written(), /gc \[=+\] 100% of 3 entries/);
  const lines = shownLines(written());
  assert.is(lines.length, 4);
  assert.match(lines[0]!, /^deleted /);
  assert.match(lines[2]!, /^2 entries deleted, 0 kept: /);

  const json = reflockOnTerminal('gc', '--json', parent);
  assert.is((await json.program.ended).code, 0);
  assert.not.match(json.written(), /gc \[/);
  JSON.parse(shownLines(json.written())[0]!);
});

test.run();
