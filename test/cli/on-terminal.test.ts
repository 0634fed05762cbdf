import { mkdirSync, writeFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { holdBy } from '../support/holding.ts';
import { startLocker } from '../support/locker.ts';
import { mustBlock } from '../support/must-block.ts';
import { newFile, newPath, temp } from '../support/temp.ts';
import { isAtPrompt, startTmux, testOnTerminal, type Tmux } from '../support/tmux.ts';

/** A head, and so many lines in all. */
function isTable(lines: readonly string[], length: number): boolean {
  return lines.length === length && lines[0]!.startsWith('KIND ');
}

/** The cursor is shown, and behind the prompt on the first screen. */
function assertClean(tmux: Tmux): void {
  assert.is(tmux.ask('#{cursor_flag}'), '1', 'the cursor is shown');
  assert.is(tmux.ask('#{alternate_on}'), '0', 'the first screen');
  assert.is(tmux.ask('#{cursor_x}'), '7', 'behind the prompt');
}

testOnTerminal(
  'status --watch fits, follows what happens and the size, and leaves nothing',
  async () => {
    const directory = newPath();
    const deep = `${directory}/${'a-long-name-of-a-directory/'.repeat(4)}end`;
    mkdirSync(deep, { recursive: true });
    const [first, second] = [`${directory}/.ref`, `${deep}/.ref`];
    const one = await holdBy('posix', first, 'shared');
    const tmux = await startTmux();
    tmux.reflock('status', '--watch', directory);
    const lines = await tmux.shows('the lock', (lines) => isTable(lines, 2));
    const { pid } = one.program.child;
    assert.equal(lines, [
      'KIND   MODE    STATE  PID  COMMAND  FILE'.replace('PID', 'PID'.padStart(String(pid).length)),
      `POSIX  shared  holds  ${pid}  python3  ${first}`,
    ]);
    assert.is(tmux.ask('#{cursor_flag}#{alternate_on}'), '01');
    const other = await holdBy('ofd', second, 'exclusive');
    const both = await tmux.shows('both locks', (lines) => isTable(lines, 3));
    const line = both.find((line) => line.startsWith('OFD '))!;
    assert.ok(line.length <= 80, line);
    assert.match(line, / {2}…\S*end\/\.ref$/);
    tmux.resize(60, 10);
    await tmux.shows(
      'narrower lines',
      (lines) =>
        lines.length === 3 && lines.every((line) => line.length <= 60) &&
        lines.some((line) => line.includes('…')),
    );
    tmux.resize(200, 24);
    await tmux.shows('the whole path', (lines) => lines.some((line) => line.endsWith(second)));
    await one.end();
    await tmux.shows('one lock', (lines) => isTable(lines, 2));
    tmux.press('C-c');
    const after = await tmux.shows('a prompt', isAtPrompt);
    assert.is(after.length, 1);
    assertClean(tmux);
    tmux.end();
    await other.end();
  },
);

testOnTerminal(
  'status --watch shows as many lines as there is room for, and how many more',
  async () => {
    const directory = newPath();
    mkdirSync(directory);
    const all = await Promise.all(
      Array.from({ length: 12 }, async (_, index) => {
        mkdirSync(`${directory}/${index}`);
        return await holdBy('ofd', `${directory}/${index}/.ref`, 'shared');
      }),
    );
    const tmux = await startTmux();
    tmux.resize(80, 8);
    tmux.reflock('status', '--watch', directory);
    const lines = await tmux.shows('the table', (lines) => lines.at(-1)!.startsWith('…'));
    assert.ok(lines.length <= 8, lines.join('\n'));
    assert.match(lines[0]!, /^KIND/);
    const shown = lines.length - 2;
    assert.is(lines.at(-1), `… and ${12 - shown} more`);
    tmux.press('C-z');
    await tmux.shows('the shell', (lines) => lines.at(-1)!.startsWith('ready>'));
    assert.is(tmux.ask('#{cursor_flag}#{alternate_on}'), '10');
    tmux.press('fg', 'Enter');
    await tmux.shows('the table again', (lines) => /^KIND/.test(lines[0]!));
    tmux.press('C-c');
    await tmux.shows('a prompt', isAtPrompt);
    assertClean(tmux);
    tmux.end();
    for (const one of all) await one.end();
  },
);

testOnTerminal('a waiting run says so in whole lines, and leaves a clean one', async () => {
  const path = newFile();
  const locker = await startLocker('posix', path);
  await locker.try('exclusive');
  const tmux = await startTmux();
  tmux.reflock('run', '--wait', '--lock-file', path, 'echo', 'started');
  await mustBlock(path);
  const text = `reflock: waiting for "${path}" to lock it for reading: held by pid ` +
    `${locker.program.child.pid} (python3)`;
  await tmux.shows('the line', (lines) => lines.join('').endsWith(text));
  tmux.resize(50, 24);
  await tmux.shows(
    'the line, in another shape',
    (lines) => lines.every((line) => line.length <= 50),
  );
  assert.is(tmux.history().at(-1), text);
  tmux.press('C-c');
  await tmux.shows('a prompt', isAtPrompt);
  assert.equal(tmux.history().slice(-3, -1).map((line) => line.trim()), [text, '^C']);
  assertClean(tmux);
  await mustBlock(path, 0);

  tmux.reflock('run', '--wait', '--lock-file', path, 'echo', 'started');
  await mustBlock(path);
  await locker.end();
  await tmux.shows('the command', (lines) => lines.includes('started'));
  tmux.end();
});

testOnTerminal('gc shows a bar on one line, which is gone after Ctrl-C', async () => {
  const parent = newPath();
  // Enough to be seen, and to be interrupted.
  for (let copy = 0; copy < 60; copy++) {
    for (let directory = 0; directory < 40; directory++) {
      mkdirSync(`${parent}/tmp-${copy}/usr/${directory}/a/b/c`, { recursive: true });
    }
  }
  writeFileSync(`${parent}/.ref`, '');
  const tmux = await startTmux();
  tmux.reflockAtBottom('gc', parent);
  const bar = /^gc \[.{30}\] \d+% of \d+ entries$/;
  await tmux.shows('a bar', (lines) => lines.at(-2) === 'full' && bar.test(lines.at(-1)!));
  tmux.resize(40, 24);
  tmux.press('C-c');
  await tmux.shows('a prompt', isAtPrompt);
  assert.equal(below('full', tmux), [
    'reflock: Interrupted by SIGINT: what is not deleted yet is garbage for the next time',
  ]);
  assertClean(tmux);
  tmux.resize(80, 24);
  tmux.reflock('gc', parent);
  const done = await tmux.shows('a prompt', isAtPrompt);
  assert.match(done.at(-2)!, /^\d+ entries deleted, 0 kept: /);
  assertClean(tmux);
  tmux.end();
});

/** What was written below a line, and above the prompt, without Ctrl-C's own trace. */
function below(line: string, tmux: Tmux): string[] {
  const lines = tmux.history();
  return lines.slice(lines.lastIndexOf(line) + 1, -1)
    .map((line) => line.replace(/^\^C/, '').trim())
    .filter((line) => line !== '');
}

testOnTerminal('storm shows one line, which is gone after Ctrl-C', async () => {
  const tmux = await startTmux();
  tmux.reflockAtBottom('storm', '--seconds', '60', '--dir', temp);
  const line = /^storm: \d+\.\d s left, 0 violations, \d+ launches/;
  const isShown = (lines: string[]) => lines.at(-2) === 'full' && line.test(lines.at(-1)!);
  await tmux.shows('the line', isShown);
  tmux.resize(60, 24);
  await tmux.shows(
    'the line as wide as that',
    (lines) => isShown(lines) && lines.at(-1)!.length < 60,
  );
  tmux.press('C-c');
  await tmux.shows('a prompt', isAtPrompt);
  const report = below('full', tmux);
  assert.match(report[0]!, /^storm on /);
  assert.not(report.some((text) => line.test(text)), report.join('\n'));
  assertClean(tmux);
  tmux.end();
});

test.run();
