import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Result } from '../../bench/result.ts';
import { missedBounds } from '../../bench/verdicts.ts';
import { eventually } from '../support/eventually.ts';
import { type Program, start } from '../support/process.ts';
import { runtime, scriptCommand } from '../support/runtime.ts';
import { temp } from '../support/temp.ts';

/** Where results are saved in this test. */
const state = mkdtempSync(join(temp, 'state-'));
mkdirSync(join(state, 'reflock/bench'), { recursive: true });
const saved = (name: string) => join(state, 'reflock/bench', `${name}.jsonl`);

function bench(options: string[], more: Record<string, string> = {}): Program {
  const env = { ...process.env, XDG_STATE_HOME: state, ...more };
  return start([...scriptCommand('src/cli/main.ts'), 'bench', ...options], { env });
}

/** Runs it to its end. */
function run(...options: string[]) {
  return toItsEnd(bench(options));
}

async function toItsEnd(program: Program) {
  const lines: string[] = [];
  for (let line; (line = await program.line()) !== undefined;) lines.push(line);
  const { code } = await program.ended;
  return { code, lines, text: lines.join('\n'), stderr: program.stderr() };
}

/** One case on the runtime of this test, quickly. */
const quick = ['--runtime', runtime, '--case', 'try', '--rounds', '5', '--dir', temp];

test('bench refuses what makes no sense, and measures nothing', async () => {
  const wrong: [number, RegExp, ...string[]][] = [
    [64, /"--case" must be among try, await, .*, not "tyr"/, '--case', 'tyr'],
    [64, /"--runtime" must be among node, deno, bun, not "perl"/, '--runtime', 'perl'],
    [64, /"--rounds" must be a whole number from 1, not "0"/, '--rounds', '0'],
    [64, /"--save" must be a name of letters.*, not "a\/b"/, '--save', 'a/b'],
    [64, /"--case" makes no sense beside "--show"/, '--case', 'try', '--show', 'first'],
    [64, /Unknown argument "try"/, 'try'],
    [69, /Cannot lock files in "\/nonexistent": no such directory/, '--dir', '/nonexistent'],
    [69, /Cannot write the report "\/nonexistent\/page.html"/, '--report', '/nonexistent/page'],
    [69, /Cannot lock files in "\/proc": \w+: /, '--dir', '/proc'],
    [69, /Cannot read results from "\S+\/broken.jsonl": /, '--show', 'broken'],
    [69, /No results are saved under "nothing"/, '--compare', 'nothing'],
  ];
  writeSaved('first', []);
  writeFileSync(saved('broken'), 'no results\n');
  for (const [status, message, ...options] of wrong) {
    const { code, text, stderr } = await run(...options);
    assert.is(code, status, stderr);
    assert.match(stderr, message);
    assert.match(stderr, /^reflock: .+\n$/);
    assert.is(text, '');
  }
});

test('bench tells of each case, and with --check fails exactly when a limit is missed', async () => {
  const { code, lines, stderr } = await run(...quick, '--json', '--check');
  assert.is(lines.length, 1);
  const result: Result = JSON.parse(lines[0]!);
  assert.equal([result.case, result.runtime], ['try', runtime]);
  const missed = missedBounds([result]);
  assert.is(code, missed.length > 0 ? 1 : 0);
  assert.equal(
    stderr.split('\n').filter((line) => line.includes('missed: ')),
    missed.map((line) => `reflock: missed: ${line}`),
  );
});

test('bench finds no change in the same build, and says what takes a hundred times as long', async () => {
  const first = await run(...quick, '--save', 'first');
  assert.is(first.code, 0, first.stderr);
  assert.match(first.text, /^Linux .*\n\ntry: tryLock\(\).*\n/);
  assert.match(first.text, new RegExp(`${runtime} [\\d.]+ +reflock +\\d.* µs`));

  const again = await run(...quick, '--compare', 'first');
  // Beside other tests a figure may seem to be anything but slower three times.
  assert.match(again.text, /^(no change: 1|(unclear|faster): try .*\nno change: 0) of 1 figures$/m);
  assert.is(again.code, 0);

  // As if it had been quicker then.
  const results = readFileSync(saved('first'), 'utf8').trim().split('\n').map((line) =>
    JSON.parse(line) as Result
  );
  for (const one of results.flatMap(({ contenders }) => contenders)) {
    if (one.name !== 'reflock' || 'absent' in one) continue;
    one.samples = one.samples.map((round) => round.map((sample) => sample / 100));
  }
  writeSaved('quicker', results);
  const slower = await run(...quick, '--compare', 'quicker');
  assert.is(slower.code, 1, slower.text);
  assert.match(
    slower.text,
    /^slower: try on \w+: reflock takes \d+\.\d\d times as much as before, beside C \(give or/m,
  );

  const shown = await run('--show', 'first', '--compare', 'quicker', '--json');
  assert.is(shown.code, 1);
  assert.equal(JSON.parse(shown.text).contenders, JSON.parse(readSaved('first')).contenders);
  assert.match(shown.stderr, /^reflock: slower: try on .*\nreflock: no change: 0 of 1 figures\n$/m);
});

test('bench does not compare what has nothing in common', async () => {
  writeSaved('other', [{ ...(JSON.parse(readSaved('first')) as Result), case: 'await' }]);
  const { code, stderr } = await run('--show', 'first', '--compare', 'other');
  assert.is(code, 64);
  assert.match(stderr, /None of these cases is among the results to compare with/);
});

test('bench goes on after a case that cannot be measured, and keeps what was saved before', async () => {
  const before = readSaved('first');
  const options = ['--runtime', runtime, '--case', 'try,read-file', '--rounds', '1', '--dir', temp];
  // No program of C can be compiled, and the second case needs none.
  const broken = bench([...options, '--save', 'first'], { CC: 'false' });
  const { code, text, stderr } = await toItsEnd(broken);
  assert.is(code, 1);
  assert.match(stderr, new RegExp(`^reflock: try on ${runtime} ended with status 69$`, 'm'));
  assert.match(stderr, `reflock: what was measured is in "${saved('first.unfinished')}"`);
  assert.match(text, 'read-file: fs.promises.readFile()');
  assert.is(readSaved('first'), before);
  assert.is(JSON.parse(readSaved('first.unfinished')).case, 'read-file');
});

test('bench that is interrupted says where the results are, and leaves no files to lock', async () => {
  const dir = mkdtempSync(join(temp, 'bench-'));
  const place = ['--runtime', runtime, '--dir', dir, '--save', 'half'];
  const program = bench(['--case', 'try,hand-over', '--rounds', '900000', ...place]);
  // Not any entry: at its start it looks whether a directory can be made there.
  const isMeasuring = () =>
    readdirSync(dir, { recursive: true }).some((name) => `${name}`.endsWith('/bench.ref'));
  await eventually('it measures', isMeasuring);
  process.kill(program.child.pid!, 'SIGINT');
  for (let line; (line = await program.line()) !== undefined;) assert.unreachable(line);
  assert.equal(await program.ended, { code: 130, signal: null });
  const file = saved('half.unfinished');
  // A C program whose file has gone a moment before itself says so first.
  const last = program.stderr().trim().split('\n').at(-1);
  assert.is(last, `reflock: Interrupted by SIGINT: what was measured is in "${file}"`);
  assert.equal(readdirSync(dir), []);
});

function writeSaved(name: string, results: Result[]): void {
  writeFileSync(saved(name), results.map((one) => `${JSON.stringify(one)}\n`).join(''));
}

function readSaved(name: string): string {
  return readFileSync(saved(name), 'utf8').trim();
}

test.run();
