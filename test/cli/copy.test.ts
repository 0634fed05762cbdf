import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { truncateSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually } from '../support/eventually.ts';
import { startLocker } from '../support/locker.ts';
import { mustBlock } from '../support/must-block.ts';
import { all, ended, ends, isFree, reflock, sampleRuntime } from '../support/reflock.ts';
import { newPath, temp } from '../support/temp.ts';
import { reflockOnTerminal, shownLines } from '../support/terminal.ts';

test('copy prints the path of a copy, which is garbage from then on', async () => {
  const [source, parent] = [sampleRuntime(), newPath()];
  const { out, err } = await ends(0, 'copy', source, parent);
  assert.equal(readdirSync(parent).filter((name) => name !== '.ref').length, 1);
  assert.match(out.join(), new RegExp(`^${parent}/tmp-[0-9a-f]{8}$`));
  assert.equal(err, []);
  const [copied, original] = [`${out[0]}/usr/bin/program`, `${source}/bin/program`];
  assert.is(statSync(copied).ino, statSync(original).ino, 'a hard link');
  for (const path of [`${out[0]}/usr`, source, parent]) assert.ok(isFree(`${path}/.ref`), path);
  await ends(0, 'gc', parent);
  assert.not(existsSync(out[0]!));
});

test('copy says in one line what it left out, or in JSON', async () => {
  const [source, parent] = [sampleRuntime(), newPath()];
  const fifos = ['a', 'b', 'c', 'd', 'e'].map((name) => join(source, 'lib/deep', name));
  execFileSync('mkfifo', fifos.slice(0, 1));
  const one = await ends(0, 'copy', source, parent);
  assert.equal(one.err, ['reflock: left out 1 entry: "lib/deep/a" (a FIFO)']);
  execFileSync('mkfifo', fifos.slice(1));
  const { err } = await ends(0, 'copy', source, parent);
  assert.is(err.length, 1);
  assert.match(
    err[0]!,
    /^reflock: left out 5 entries: ("lib\/deep\/[a-e]" \(a FIFO\)(, | )){3}and 2 more$/,
  );

  const json = await ends(0, 'copy', '--json', source, parent);
  assert.equal(json.err, []);
  const { path, ref, entries, skipped, ...rest } = JSON.parse(json.out.join('\n'));
  assert.is(ref, `${path}/usr/.ref`);
  assert.ok(existsSync(ref));
  assert.is(entries, 4);
  assert.is(skipped.length, 5);
  assert.equal([skipped[0].why, rest], ['a FIFO', {}]);
});

test('copy hands the copy to a command, and ends with its status', async () => {
  const [source, parent] = [sampleRuntime(), newPath()];
  const script = 'echo "$1"; read line; exit 5';
  const program = reflock('copy', source, parent, '--', 'sh', '-c', script, 'sh', 'in {}/usr');
  const path = (await program.line())!.match(/^in (.*)\/usr$/)![1]!;
  assert.ok(existsSync(`${path}/usr/bin/program`));
  assert.not(isFree(`${path}/usr/.ref`));
  for (const free of [source, parent]) assert.ok(isFree(`${free}/.ref`), free);
  program.send('end');
  await ended(program, 5);
  assert.ok(isFree(`${path}/usr/.ref`));

  const { err } = await ends(127, 'copy', source, parent, '--', '{}/usr/bin/none', '--json');
  assert.match(err.join(), /^reflock: Cannot start ".*\/tmp-\w+\/usr\/bin\/none": no such file/);
});

test('copy passes signals on to its command, however many, and ends as that does', async () => {
  const script = `import signal
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
print('ready', flush=True)
for _ in range(2): print(signal.sigwait({signal.SIGTERM}).name, flush=True)
raise SystemExit(6)`;
  const program = reflock('copy', sampleRuntime(), newPath(), '--', 'python3', '-c', script);
  assert.is(await program.line(), 'ready');
  for (let times = 0; times < 2; times++) {
    process.kill(program.child.pid!, 'SIGTERM');
    assert.is(await program.line(), 'SIGTERM');
  }
  assert.equal(await ended(program, 6), { out: [], err: [] });
});

test('the command keeps its copy from gc after the wrapper was killed', async () => {
  const [source, parent, fifo] = [sampleRuntime(), newPath(), newPath()];
  execFileSync('mkfifo', [fifo]);
  const script = `echo $$ {}; read line < '${fifo}'`;
  const program = reflock('copy', source, parent, '--', 'sh', '-c', script);
  const [pid, path] = (await program.line())!.split(' ');
  process.kill(program.child.pid!, 'SIGKILL');
  // Not its end: the command still has its stdout.
  await new Promise((resolve) => program.child.once('exit', resolve));
  const kept = await ends(0, 'gc', parent);
  assert.is(kept.out[0], `kept "${path}": in use: held by pid ${pid} (sh)`);
  assert.ok(existsSync(`${path}/usr/bin/program`));
  writeFileSync(fifo, 'end\n');
  assert.is(await program.line(), undefined);
  await ends(0, 'gc', parent);
  assert.not(existsSync(path!));
});

test('copy ends with 75 and names who deletes the source; --wait waits for them', async () => {
  const [source, parent] = [sampleRuntime(), newPath()];
  const ref = join(source, '.ref');
  writeFileSync(ref, '');
  const locker = await startLocker('ofd', ref);
  await locker.try('exclusive');
  const { out, err } = await ends(75, 'copy', source, parent);
  const holder = `held by pid ${locker.program.child.pid} (python3)`;
  assert.equal([out, err], [[], [
    `reflock: Cannot lock "${ref}" for reading: ${holder}: it is being deleted, so do not use it`,
  ]]);
  assert.not(existsSync(parent));

  const program = reflock('copy', '--wait', source, parent);
  await mustBlock(ref);
  await locker.unlock();
  const waited = await ended(program, 0);
  assert.equal(waited.err, [
    `reflock: waiting for "${ref}" to lock it for reading: ${holder}`,
  ]);
  assert.ok(existsSync(`${waited.out[0]}/usr/bin/program`));
  await locker.end();
});

test('copy waits for a collection in the directory, and says so', async () => {
  const [source, parent] = [sampleRuntime(), newPath()];
  mkdirSync(parent);
  const ref = join(parent, '.ref');
  writeFileSync(ref, '');
  const locker = await startLocker('posix', ref);
  await locker.try('exclusive');
  const program = reflock('copy', source, parent);
  await mustBlock(ref);
  assert.equal(all(parent), ['.ref']);
  await locker.end();
  const { err } = await ended(program, 0);
  const { pid } = locker.program.child;
  assert.equal(err, [
    `reflock: waiting for "${ref}" to lock it for reading: held by pid ${pid} (python3)`,
  ]);
});

test('copy ends with 64 for bad usage, and has touched nothing', async () => {
  const [source, parent] = [sampleRuntime(), newPath()];
  const before = all(source);
  const usage: [string, string[]][] = [
    ['No SOURCE given; see reflock copy --help', []],
    ['No PARENT given; see reflock copy --help', [source]],
    ['No PARENT given; see reflock copy --help', [source, '--', parent]],
    ['No command given after "--"; see reflock copy --help', [source, parent, '--']],
    ['Unknown argument "--json": options come before SOURCE', [source, parent, '--json']],
    ['Unknown argument "true"', [source, parent, 'true', '--', 'true']],
    ['Unknown option "--josn"; did you mean "--json"?', ['--josn', source, parent]],
    ['The option "--json" goes without a command', ['--json', source, parent, '--', 'true']],
  ];
  for (const [message, args] of usage) {
    assert.equal((await ends(64, 'copy', ...args)).err, [`reflock: ${message}`]);
  }
  assert.equal(all(source), before);
  assert.not(existsSync(parent));
});

test('copy ends with 69 and one line when no copy can be made', async () => {
  const [source, parent] = [sampleRuntime(), newPath()];
  const fails = async (message: RegExp, ...args: string[]) => {
    const { out, err } = await ends(69, 'copy', ...args);
    assert.equal([out, err.length], [[], 1]);
    assert.match(err[0]!, message);
  };
  await fails(/^reflock: Cannot use ".*" as a runtime: it has no files\//, temp, parent);
  assert.not(existsSync(parent));
  await fails(
    /^reflock: Cannot copy .*: it lies in what is to be copied$/,
    source,
    `${source}/bin`,
  );
});

test('on a terminal copy shows a bar and leaves nothing of it, but none beside JSON', async () => {
  const [source, parent] = [sampleRuntime(), newPath()];
  const { program, written } = reflockOnTerminal('copy', source, parent);
  assert.is((await program.ended).code, 0);
  assert.match(written(), /copy \[=+-*\] \d+% of 5 files/);
  const [line, ...rest] = shownLines(written());
  assert.match(line!, new RegExp(`^${parent}/tmp-[0-9a-f]{8}$`));
  assert.equal(rest, ['']);

  const json = reflockOnTerminal('copy', '--json', source, parent);
  assert.is((await json.program.ended).code, 0);
  assert.not.match(json.written(), /copy \[/);
  const [text] = shownLines(json.written());
  assert.ok(existsSync(JSON.parse(text!).path));
});

const memory = '/dev/shm';
const slow = existsSync(memory) && statSync(memory).dev !== statSync(temp).dev;
if (!slow) console.log(`skipped: copies that take long need ${memory} to be another filesystem`);
const testSlowly = slow ? test : test.skip;

/** A runtime of which no file can be linked, and one takes seconds to be copied. */
function slowRuntime(): string {
  const path = sampleRuntime(mkdtempSync(join(memory, 'reflock-test-')));
  process.on('exit', () => rmSync(path, { recursive: true, force: true }));
  writeFileSync(join(path, 'lib/large'), '');
  truncateSync(join(path, 'lib/large'), 4 * 2 ** 30);
  return path;
}

/** Waits until the large file is being copied. */
async function inMidCopy(parent: string): Promise<void> {
  await eventually('a half copied file', () => {
    const [copy] = existsSync(parent) ? readdirSync(parent).filter((name) => name !== '.ref') : [];
    if (copy === undefined) return false;
    assert.match(copy, /^tmp-partial-/);
    const large = join(parent, copy, 'usr/lib/large');
    return (statSync(large, { throwIfNoEntry: false })?.size ?? 0) > 0;
  });
}

for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) {
  testSlowly(`copy that gets ${signal} leaves nothing behind, and no lock`, async () => {
    const [source, parent] = [slowRuntime(), newPath()];
    const program = reflock('copy', source, parent, '--', 'echo', 'started');
    await inMidCopy(parent);
    assert.not(isFree(`${source}/.ref`));
    process.kill(program.child.pid!, signal);
    const { out, err } = await ended(program, 128 + constants.signals[signal]);
    assert.equal([out, err], [[], [`reflock: Interrupted by ${signal}: no copy was made`]]);
    assert.equal(all(parent), ['.ref']);
    for (const free of [source, parent]) assert.ok(isFree(`${free}/.ref`), free);
  });
}

testSlowly('Ctrl-C on a terminal leaves nothing of the copy, nor of its bar', async () => {
  const [source, parent] = [slowRuntime(), newPath()];
  const { program, written } = reflockOnTerminal('copy', source, parent);
  await inMidCopy(parent);
  await eventually('a bar', () => written().includes('copy ['));
  program.child.stdin!.write('\x03');
  assert.is((await program.ended).code, 130, written());
  assert.equal(all(parent), ['.ref']);
  assert.equal(shownLines(written()), ['reflock: Interrupted by SIGINT: no copy was made', '']);
});

test.run();
