import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { container, testInContainer } from '../support/container.ts';
import { all, allShown, dangerousDirectory, fails } from '../support/dangerous.ts';
import { holdNamed, makeDirectories, reflock, runs } from '../support/dangerous.ts';
import { sampleRuntime } from '../support/reflock.ts';
import { scriptCommand } from '../support/runtime.ts';

test('copy names what it has left out, and where the copy is', async () => {
  const [directory, shown] = dangerousDirectory();
  const source = sampleRuntime(join(directory, 'runtime'));
  writeFileSync(join(source, '.ref'), '');
  const { status } = await runs(['mkfifo', join(source, 'bin', all)]);
  assert.is(status, 0);
  mkdirSync(join(directory, 'copies'));
  const text = await reflock('copy', source, join(directory, 'copies'));
  assert.is(text.status, 0, text.err.join('\n'));
  assert.match(text.err.join('\n'), /^reflock: left out 1 entry: "[^"]*" \(.*\)$/);
  assert.ok(text.err[0]!.includes(`bin/${allShown}"`), text.err[0]);
  assert.is(text.out.length, 1);
  assert.ok(text.out[0]!.startsWith(`${shown}/copies/tmp-`), text.out[0]);
  const json = await reflock('copy', '--json', source, join(directory, 'copies'));
  const copy = JSON.parse(json.out.join('\n'));
  assert.ok(copy.path.startsWith(`${directory}/copies/tmp-`), copy.path);
  assert.is(copy.skipped[0].path, `bin/${all}`);
  const holder = await holdNamed(join(source, '.ref'), 'exclusive', Uint8Array.of(0x9b, 0x0a));
  await fails(75, `${shown}/runtime/.ref`, 'copy', source, join(directory, 'copies'));
  await fails(75, '(\\x9b\\n)', 'use', source, 'true');
  await holder.end();
});

test('gc names what it deletes and keeps, also what is not UTF-8', async () => {
  const [parent, shown] = dangerousDirectory();
  writeFileSync(join(parent, '.ref'), '');
  mkdirSync(join(parent, `tmp-${all}`));
  mkdirSync(join(parent, 'tmp-busy'));
  mkdirSync(join(parent, `tmp-keep${all}/keep`), { recursive: true });
  makeDirectories(parent, ['tmp-\xff\xfe']);
  const busy = await holdNamed(
    join(parent, 'tmp-busy/.ref'),
    'exclusive',
    Uint8Array.of(0x1b, 0xff),
  );
  const json = JSON.parse((await reflock('gc', '--dry-run', '--json', parent)).out.join('\n'));
  assert.equal(json.deleted.map(({ name }: { name: string }) => name).sort(), [
    `tmp-${all}`,
    'tmp-\udcff\udcfe',
  ]);
  for (const [dryRun, did] of [[['--dry-run'], 'would delete'], [[], 'deleted']] as const) {
    const { out, status } = await reflock('gc', ...dryRun, parent);
    assert.is(status, 0);
    assert.is(out.length, 5, out.join('\n'));
    const begins = [
      `${did} "${shown}/tmp-${allShown}" (`,
      `${did} "${shown}/tmp-\\xff\\xfe" (`,
      `kept "${shown}/tmp-busy": in use: held by pid ${busy.pids} (\\u001b\\xff)`,
      `kept "${shown}/tmp-keep${allShown}": `,
    ];
    for (const begin of begins) {
      assert.ok(out.some((line) => line.startsWith(begin)), out.join('\n'));
    }
  }
  await busy.end();
  assert.is(readdirSync(parent).length, 3);
  const other = await holdNamed(join(parent, '.ref'), 'shared', Uint8Array.of(0x1b, 0x5d));
  const { out } = await reflock('gc', parent);
  assert.is(
    out[0],
    `nothing was collected: "${shown}/.ref" is held by pid ${other.pids} (\\u001b])`,
  );
  await other.end();
});

test('rm names what it removes, and who uses it', async () => {
  const [directory, shown] = dangerousDirectory();
  const runtime = sampleRuntime(join(directory, all));
  writeFileSync(join(runtime, '.ref'), '');
  const user = await holdNamed(
    join(runtime, '.ref'),
    'shared',
    new TextEncoder().encode('\u202ea'),
  );
  const line = await fails(75, '(\\u202ea)', 'rm', runtime);
  assert.ok(line.includes(`${shown}/${allShown}`), line);
  await user.end();
  const dry = await reflock('rm', '--dry-run', runtime);
  assert.ok(dry.out[0]!.startsWith(`would remove "${shown}/${allShown}" (`), dry.out[0]);
  const json = await reflock('rm', '--json', runtime);
  assert.is(JSON.parse(json.out.join('\n')).path, runtime);
});

test('doctor shows the place that it has looked at', async () => {
  const [directory, shown] = dangerousDirectory();
  writeFileSync(join(directory, all), '');
  const { out } = await reflock('doctor', directory);
  assert.ok(out.some((line) => line.endsWith(`files can be made in ${shown}`)), out.join('\n'));
  const json = JSON.parse((await reflock('doctor', '--json', join(directory, all))).out.join('\n'));
  assert.is(json.path, join(directory, all));
});

testInContainer('doctor shows where a filesystem is mounted', async () => {
  const [directory, shown] = dangerousDirectory();
  const command = [...scriptCommand('src/cli/main.ts'), 'doctor', directory];
  const { out } = await runs([...container, '--tmpfs', directory, ...command]);
  assert.ok(out.some((line) => line.includes(`tmpfs on ${shown}, local`)), out.join('\n'));
});

test('storm shows where it was', async () => {
  const [directory, shown] = dangerousDirectory();
  const few = ['--seconds', '0.01', '--runtimes', '1', '--processes', '1', '--launchers', '1'];
  const { out } = await reflock('storm', ...few, '--dir', directory);
  assert.ok(out[0]!.includes(` at ${shown}/reflock-storm-`), out.join('\n'));
  const json = await reflock('storm', '--json', ...few, '--dir', directory);
  assert.ok(JSON.parse(json.out.join('\n')).directory.startsWith(directory));
});

test('an error that nobody catches is one line, and a status', async () => {
  for (const how of ['throw', 'reject']) {
    const args = [how, all, '--version'];
    const { status, err } = await runs([...scriptCommand('test/fixtures/uncaught.ts'), ...args]);
    assert.equal(err, [`reflock: ${allShown}`]);
    assert.is(status, 69);
  }
});

test.run();
