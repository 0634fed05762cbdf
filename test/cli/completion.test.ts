import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { spellings } from '../../src/cli/description.ts';
import { all } from '../../src/cli/descriptions/all.ts';
import { manPage } from '../../src/cli/man-page.ts';
import { ends } from '../support/reflock.ts';
import { newPath } from '../support/temp.ts';
import { startTmux, testOnTerminal } from '../support/tmux.ts';

/** A test that needs a program, and says so where it is missing. */
function testWith(program: string, name: string, body: () => void | Promise<void>): void {
  if (spawnSync(program, ['--version']).status === 0) return test(name, body);
  console.log(`skipped: ${name} needs ${program}`);
  test.skip(name, body);
}

/** The script of a shell, in a file. */
async function script(shell: string): Promise<string> {
  const path = newPath();
  const { out } = await ends(0, 'completion', shell);
  writeFileSync(path, out.map((line) => `${line}\n`).join(''));
  return path;
}

function lines(program: string, ...args: string[]): string[] {
  return execFileSync(program, args, { stdio: ['ignore', 'pipe', 'ignore'] }).toString()
    .split('\n').filter((line) => line !== '');
}

testWith('bash', 'bash completes subcommands, options, their values and the command', async () => {
  const path = await script('bash');
  const complete = (...words: string[]): string[] =>
    lines(
      'bash',
      '-c',
      `source "$1"; shift; COMP_WORDS=(reflock "$@"); COMP_CWORD=$#; _reflock
       printf '%s\\n' "\${COMPREPLY[@]}"`,
      'bash',
      path,
      ...words,
    );
  assert.equal(complete('').sort(), [...all.map(({ name }) => name), '--help', '--version'].sort());
  assert.equal(complete('st'), ['status', 'storm']);
  for (const { name, options } of all) {
    const known = [...options.flatMap(spellings), '--help'];
    assert.equal(complete(name, '--'), known, name);
  }
  assert.equal(complete('run', '--wait', '--term'), [
    '--terminate-timeout',
    '--terminate-idle-timeout',
  ]);
  assert.equal(complete('run', '--lock-file', path.slice(0, -1)), [path]);
  assert.equal(complete('run', '--fd', ''), []);
  assert.ok(complete('run', '--wait', 'tru').includes('true'), 'commands');
  assert.not(complete('run', 'true', '--wa').includes('--wait'), "the command's own options");
  assert.not(complete('run', '--', '--wa').includes('--wait'), 'behind "--"');
  assert.equal(complete('completion', 'z'), ['zsh']);
});

testWith('fish', 'fish completes subcommands, options and their values', async () => {
  const path = await script('fish');
  const complete = (line: string): string[] =>
    lines('fish', '--no-config', '-c', `source $argv[1]; complete -C $argv[2]`, path, line)
      .map((line) => line.split('\t')[0]!);
  assert.equal(complete('reflock st'), ['status', 'storm']);
  for (const { name, options } of all) {
    const known = [...options.flatMap(spellings), '--help'];
    assert.equal(complete(`reflock ${name} --`).sort(), known.sort(), name);
  }
  assert.equal(complete(`reflock run --lock-file ${path.slice(0, -1)}`), [path]);
  assert.equal(complete('reflock completion z'), ['zsh']);
});

testOnTerminal('zsh completes subcommands, options and their values', async () => {
  const directory = newPath();
  mkdirSync(directory);
  copyFileSync(await script('zsh'), `${directory}/_reflock`);
  const tmux = await startTmux();
  const tab = async (line: string, like: (text: string) => boolean): Promise<void> => {
    tmux.press('C-u', 'C-l');
    tmux.type(line);
    tmux.press('Tab');
    await tmux.shows(`completions of ${line}`, (lines) => like(lines.join('\n')));
  };
  tmux.type('zsh -f');
  tmux.press('Enter');
  tmux.type(`fpath=(${directory} $fpath); autoload -Uz compinit; compinit -u -D; echo loa''ded`);
  tmux.press('Enter');
  await tmux.shows('the completion system', (lines) => lines.includes('loaded'));
  await tab('reflock st', (text) => /^status +-- /m.test(text) && /^storm +-- /m.test(text));
  await tab('reflock run --wri', (text) => text.includes('reflock run --write'));
  await tab('reflock run --no-wa', (text) => text.includes('reflock run --no-wait'));
  await tab(`reflock run --lock-file=${directory}/_ref`, (text) => text.includes('/_reflock'));
  await tab('reflock completion z', (text) => text.includes('reflock completion zsh'));
  tmux.end();
});

for (const shell of ['bash', 'zsh', 'fish']) {
  testWith(shell, `${shell} finds no error in its script`, async () => {
    lines(shell, '-n', await script(shell));
  });
}

test('completion ends with 64 for a shell that it does not know', async () => {
  assert.equal((await ends(64, 'completion', 'fihs')).err, [
    'reflock: Unknown shell "fihs"; did you mean "fish"?',
  ]);
  assert.equal((await ends(64, 'completion')).err, [
    'reflock: No SHELL given; see reflock completion --help',
  ]);
});

testWith('groff', 'the manual page has every option of every subcommand, and no mistake', () => {
  const path = newPath();
  writeFileSync(path, manPage(all, '0.0.0'));
  const { stdout, stderr } = spawnSync('groff', ['-man', '-Tascii', '-ww', '-P-cbou', path]);
  assert.is(stderr.toString(), '');
  const text = stdout.toString();
  for (const { name, options, statuses, example } of all) {
    assert.ok(text.includes(`reflock ${name} `), name);
    for (const word of options.flatMap(spellings)) assert.ok(text.includes(word), word);
    for (const [status] of statuses) assert.ok(text.includes(`       ${status}`), status);
    assert.ok(text.includes(example), example);
  }
});

test('the lines of every help text fit on a terminal', async () => {
  for (const args of [[], ...all.map(({ name }) => [name])]) {
    const { out } = await ends(0, ...args, '--help');
    for (const line of out) assert.ok(line.length < 80 || line.startsWith('example: '), line);
  }
});

test.run();
