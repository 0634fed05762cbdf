import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { dangerous, dangerousDirectory, holdNamed, RAW, reflock } from '../support/dangerous.ts';
import { eventually } from '../support/eventually.ts';
import { reflockOnTerminal } from '../support/terminal.ts';

test('run says which locks it has taken, waits for and cannot have, and who has them', async () => {
  const [directory, shown] = dangerousDirectory();
  const path = join(directory, '.ref');
  const lock = ['--lock-file', path];
  const verbose = await reflock('run', '--verbose', '--create', ...lock, 'true');
  assert.is(verbose.err[0], `reflock: locked "${shown}/.ref", shared`);
  const names: [bytes: Uint8Array, shown: string][] = [
    ...dangerous.map(([, name, shown]) => [new TextEncoder().encode(name), shown] as const),
    [Uint8Array.of(0x61, 0xff, 0xfe, 0x62), 'a\\xff\\xfeb'],
    // There is room for 15 bytes, of which the last one here is the first half of a letter.
    [new TextEncoder().encode('twelve bytesäö'), 'twelve bytesä\\xc3'],
    [new TextEncoder().encode('blank '), 'blank '],
  ].map(([bytes, shown]) => [bytes, shown] as [Uint8Array, string]);
  // So many are named in a message.
  for (let at = 0; at < names.length; at += 3) {
    const some = names.slice(at, at + 3);
    const holders = await holdNamed(path, 'shared', ...some.map(([name]) => name));
    const wait = at === 0 ? ['--wait', '--timeout', '0.01'] : [];
    const { status, err } = await reflock('run', ...wait, '--write', ...lock, 'true');
    assert.is(status, 75);
    assert.is(err.length, at === 0 ? 2 : 1);
    for (const line of err) {
      assert.ok(line.includes(`"${shown}/.ref"`), line);
      for (const [index, pid] of holders.pids.entries()) {
        assert.ok(line.includes(`pid ${pid} (${some[index]![1]})`), line);
      }
    }
    await holders.end();
  }
});

test('status shows who has locks as a table of whole lines, and JSON tells the true names', async () => {
  const [directory, shown] = dangerousDirectory();
  const path = join(directory, '.ref');
  const names = [
    ...dangerous.map(([, name]) => new TextEncoder().encode(name)),
    Uint8Array.of(255),
  ];
  const holders = await holdNamed(path, 'shared', ...names);
  const { out, status } = await reflock('status', directory);
  assert.is(status, 0);
  assert.is(out.length, names.length + 1, out.join('\n'));
  for (const [index, pid] of holders.pids.entries()) {
    const line = out.find((line) => line.includes(` ${pid} `))!;
    const command = dangerous[index]?.[2] ?? '\\xff';
    assert.match(line.replace(` ${pid} `, ''), /^POSIX {2}shared {2}holds /);
    assert.ok(line.includes(` ${pid}  ${command} `), line);
    assert.ok(line.endsWith(` ${shown}/.ref`), line);
  }
  const json = await reflock('status', '--json', directory);
  assert.is(json.out.length, 1);
  const [file] = JSON.parse(json.out[0]!).files;
  assert.is(file.path, path);
  const found = new Map(file.holders.map(({ pid, command }: NamedPid) => [pid, command]));
  for (const [index, pid] of holders.pids.entries()) {
    assert.is(found.get(pid), dangerous[index]?.[1] ?? '\udcff');
  }
  await holders.end();
  const nobody = await reflock('status', path);
  assert.equal(nobody.out, [`nobody has a lock on ${shown}/.ref`]);
});

interface NamedPid {
  pid: number;
  command: string;
}

test('status --watch shows names and leaves the terminal alone, as text and as JSON', async () => {
  const [directory] = dangerousDirectory();
  const path = join(directory, '.ref');
  const names = dangerous.map(([, name]) => new TextEncoder().encode(name));
  const holders = await holdNamed(path, 'shared', ...names);
  for (const json of [[], ['--json']]) {
    const { program, written } = reflockOnTerminal('status', '--watch', ...json, directory);
    const shown = dangerous.map(([, , shown]) => shown);
    await eventually('all names', () => shown.every((name) => written().includes(name)));
    program.send('\x03');
    await program.ended;
    // What is ours: colours, the way of the cursor, and the ends of lines.
    // deno-lint-ignore no-control-regex
    const others = written().replace(/\x1b\[(\?\d+[hl]|\d*[A-Zm])|\r*\n|\r/g, '');
    assert.not.match(others, RAW);
  }
  await holders.end();
});

test.run();
