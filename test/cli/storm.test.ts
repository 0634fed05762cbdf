import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { StormReport } from '../../src/cli/storm/report.ts';
import { eventually } from '../support/eventually.ts';
import { type Program, start, startScript } from '../support/process.ts';
import { scriptCommand } from '../support/runtime.ts';
import { temp } from '../support/temp.ts';

const directory = () => mkdtempSync(join(temp, 'storm-'));

/** Starts a storm in a directory. */
function storm(dir: string, ...args: string[]): Program {
  return startScript('src/cli/main.ts', ['storm', '--json', '--dir', dir, ...args]);
}

/** The report of a storm, which must end with this status and leave nothing behind. */
async function reportOf(program: Program, dir: string, status: number): Promise<StormReport> {
  const line = await program.line();
  assert.equal(await program.ended, { code: status, signal: null }, program.stderr() || line);
  assert.equal(readdirSync(dir), []);
  assert.is(program.stderr(), '');
  return JSON.parse(line!) as StormReport;
}

/** The processes that have this text in their command line or are run from there. */
function processesOf(text: string): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return command.includes(text) && !command.includes('storm --json') ? [command] : [];
    } catch {
      return [];
    }
  });
}

const probe = ['--ro-bind', '/', '/', '--unshare-pid', 'true'];
const hasContainers = spawnSync('bwrap', probe).status === 0;

test('storm finds every promise kept, and leaves nothing behind', async () => {
  const dir = directory();
  const report = await reportOf(storm(dir, '--seconds', '2'), dir, 0);
  assert.equal([report.violations, report.violationDetails], [0, []]);
  assert.ok(report.launches > 0 && report.removed > 0 && report.busy > 0);
  assert.is(report.container, hasContainers);
  assert.ok(report.seconds >= 2 && report.seconds < 10);
  const { waitMs, loopDelayMs } = report;
  assert.ok(0 < waitMs.p50 && waitMs.p50 <= waitMs.p99 && waitMs.p99 <= waitMs.max);
  assert.ok(loopDelayMs.p99 <= loopDelayMs.max);
});

test('storm without bwrap launches plain processes, and says so', async () => {
  const dir = directory();
  const [command, ...args] = scriptCommand('src/cli/main.ts');
  const env = { ...process.env, PATH: dir };
  const options = ['--dir', dir, '--seconds', '1'];
  const json = start([command!, ...args, 'storm', '--json', ...options], { env });
  const report = await reportOf(json, dir, 0);
  assert.is(report.container, false);
  assert.ok(report.launches > 0 && report.removed > 0);
  const plain = start([command!, ...args, 'storm', ...options], { env });
  const lines = [];
  for (let line; (line = await plain.line()) !== undefined;) lines.push(line);
  assert.match(lines[0]!, /^storm on \S+ at .*: [\d.]+ s, 2 processes x \(8 launchers \+ 1 coll/);
  assert.match(lines[1]!, /^ {2}launches +\d+ as plain processes \(no bwrap\)$/);
  assert.is(lines.at(-1), 'Locks have kept every promise.', lines.join('\n'));
});

test('storm tells why, when bwrap is there and fails', async () => {
  const dir = directory();
  const bin = directory();
  writeFileSync(
    join(bin, 'bwrap'),
    '#!/bin/sh\n[ "$1" = --version ] && echo bubblewrap 9 || { echo bwrap: No >&2; exit 1; }\n',
    { mode: 0o755 },
  );
  const [command, ...args] = scriptCommand('src/cli/main.ts');
  const program = start([command!, ...args, 'storm', '--json', '--dir', dir, '--seconds', '0.5'], {
    env: { ...process.env, PATH: bin },
  });
  const report = await reportOf(program, dir, 0);
  assert.is(report.containerDetail, 'plain processes (bwrap 9 fails: bwrap: No)');
});

/** What somebody may do to the runtimes without asking, and what a storm must say to it. */
const sabotage: Record<string, [(root: string) => void, RegExp]> = {
  'deletes runtimes': [
    (root) => rmSync(root, { recursive: true }),
    /^runtime-\d: gone/,
  ],
  'changes runtimes': [
    (root) => writeFileSync(join(root, '.storm/stamp'), 'something else'),
    /^runtime-\d: changed, as seen from inside$/,
  ],
  // What it looks like where locks do not work: everybody gets one.
  'replaces lock files': [
    (root) => {
      rmSync(join(root, '.ref'));
      writeFileSync(join(root, '.ref'), '');
    },
    /^runtime-\d: shared-\d+-\d+ was in (when|while) an exclusive lock was held$/,
  ],
};
for (const [what, [act, expected]] of Object.entries(sabotage)) {
  test(`storm finds out when somebody ${what}`, async () => {
    const dir = directory();
    const program = storm(dir, '--seconds', '2');
    const timer = setInterval(() => {
      const [place] = readdirSync(dir);
      for (const number of [1, 2, 3]) {
        try {
          const root = join(dir, place!, 'runtimes', `runtime-${number}`);
          // Only when it is used or removed at this moment.
          if (readdirSync(join(dir, place!, `witness/runtime-${number}`)).length > 0) act(root);
        } catch {
          // Removed in this moment, or laid out again.
        }
      }
    }, 50);
    try {
      const report = await reportOf(program, dir, 1);
      assert.ok(report.violations > 0);
      assert.ok(report.violationDetails.length <= 10);
      assert.ok(
        report.violationDetails.some((detail) => expected.test(detail)),
        report.violationDetails.join('\n'),
      );
    } finally {
      clearInterval(timer);
    }
  });
}

test('storm cleans up and reports when it is interrupted', async () => {
  const dir = directory();
  const program = storm(dir, '--seconds', '60');
  await eventually('launches go on', () => processesOf(dir).length > 3);
  process.kill(program.child.pid!, 'SIGINT');
  const report = await reportOf(program, dir, 130);
  assert.is(report.violations, 0, report.violationDetails.join('\n'));
  assert.equal(processesOf(dir), []);
});

test('storm leaves no process behind when it is killed', async () => {
  const dir = directory();
  const program = storm(dir, '--seconds', '60');
  await eventually('launches go on', () => processesOf(dir).length > 3);
  process.kill(program.child.pid!, 'SIGKILL');
  // The children keep the pipes open, so this is also when the last of them has gone.
  await program.ended;
  await eventually('no launch is left', () => processesOf(dir).length === 0);
});

for (const deployment of [true, false]) {
  const what = deployment ? 'a deployment' : 'a whole root filesystem';
  test(`storm --runtime uses ${what} of the user's and leaves it as it is`, async () => {
    const own = directory();
    const root = deployment ? join(own, 'files') : own;
    const usr = deployment ? root : join(own, 'usr');
    mkdirSync(join(usr, 'bin'), { recursive: true });
    mkdirSync(join(usr, 'lib'));
    writeFileSync(join(usr, 'lib/libfoo.so.1'), 'foo');
    symlinkSync('libfoo.so.1', join(usr, 'lib/libfoo.so'));
    if (!deployment) symlinkSync('usr/bin', join(own, 'bin'));
    const list = () => readdirSync(own, { recursive: true }).map(String).sort();
    const before = [...list(), deployment ? 'files/.ref' : '.ref'].sort();
    const { ino } = statSync(join(usr, 'lib/libfoo.so.1'));
    const dir = directory();
    const program = storm(dir, '--runtime', own, '--seconds', '1.5', '--runtimes', '2');
    const report = await reportOf(program, dir, 0);
    assert.ok(report.launches > 0 && report.removed > 0);
    assert.equal(list(), before);
    assert.is(statSync(join(usr, 'lib/libfoo.so.1')).ino, ino);
    assert.is(readFileSync(join(usr, 'lib/libfoo.so.1'), 'utf8'), 'foo');
  });
}

test('storm refuses bad usage before it makes anything', async () => {
  const dir = directory();
  const refuses = async (status: number, message: string, ...args: string[]) => {
    const program = storm(dir, ...args);
    assert.equal(await program.ended, { code: status, signal: null });
    assert.is(program.stderr(), `reflock: ${message}\n`);
    assert.equal(readdirSync(dir), []);
  };
  const seconds = 'The option "--seconds" must be a number above 0, not';
  await refuses(64, `${seconds} "soon"`, '--seconds', 'soon');
  await refuses(64, `${seconds} "-1"`, '--seconds=-1');
  await refuses(
    64,
    'The option "--launchers" must be a whole number from 1 to 1000, not "1.5"',
    '--launchers=1.5',
  );
  await refuses(64, 'Unknown argument "now"', 'now');
  const missing = join(dir, 'missing');
  await refuses(
    69,
    `Cannot make runtimes in "${missing}": no such directory`,
    `--dir=${missing}`,
  );
  await refuses(
    69,
    `Cannot use "${missing}" as a runtime: no such file or directory (ENOENT from stat)`,
    `--runtime=${missing}`,
  );
});

test.run();
