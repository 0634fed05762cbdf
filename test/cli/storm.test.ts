import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually } from '../support/eventually.ts';
import { start } from '../support/process.ts';
import { scriptCommand } from '../support/runtime.ts';
import { directory, reportOf, storm, untilAllHappens } from '../support/storm.ts';

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
  let length = 0;
  const what = ['launches', 'removed', 'busy', 'copies'] as const;
  const report = await untilAllHappens(what, (seconds) => {
    length = seconds;
    return reportOf(storm(dir, '--seconds', `${seconds}`, '--launchers', '4'), dir, 0);
  });
  assert.equal([report.violations, report.violationDetails], [0, []]);
  const { launches, removed, busy, copies, collected } = report;
  assert.ok(launches >= copies && copies > 0 && removed > 0 && busy > 0, JSON.stringify(report));
  assert.ok(copies >= collected, JSON.stringify(report));
  assert.is(report.container, hasContainers);
  assert.ok(report.seconds >= length && report.seconds < length + 8);
  const { waitMs, loopDelayMs } = report;
  assert.ok(0 < waitMs.p50 && waitMs.p50 <= waitMs.p99 && waitMs.p99 <= waitMs.max);
  assert.ok(loopDelayMs.p99 <= loopDelayMs.max);
});

test('storm without bwrap launches plain processes, and says so', async () => {
  const dir = directory();
  const [command, ...args] = scriptCommand('src/cli/main.ts');
  const env = { ...process.env, PATH: dir };
  // Few at a time: a collection needs a moment in which nobody makes a copy.
  const options = ['--dir', dir, '--launchers', '2', '--processes', '1', '--seconds'];
  const what = ['launches', 'removed', 'collected'] as const;
  const report = await untilAllHappens(what, (seconds) => {
    const json = start([command!, ...args, 'storm', '--json', ...options, `${seconds}`], { env });
    return reportOf(json, dir, 0);
  });
  assert.is(report.container, false);
  assert.ok(report.launches > 0 && report.removed > 0 && report.collected > 0);
  const plain = start([command!, ...args, 'storm', ...options, '1'], { env });
  const lines = [];
  for (let line; (line = await plain.line()) !== undefined;) lines.push(line);
  assert.match(lines[0]!, /^storm on \S+ at .*: [\d.]+ s, 1 processes x \(2 launchers \+ 1 coll/);
  assert.match(lines[1]!, /^ {2}launches +\d+ as plain processes \(no bwrap\)$/);
  assert.match(lines[3]!, /^ {2}copies +\d+ made, and \d+ of them collected before the end$/);
  const verdict = /^(Locks have kept every promise|Too little has happened to tell anything)\.$/;
  assert.match(lines.at(-1)!, verdict, lines.join('\n'));
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

test.run();
