// Runs the test files on Node, Deno and Bun, each in a process of its own with a time limit, so that
// a hang is a failure with a name.
//
//   npm test                  everything
//   npm test -- node          one runtime
//   npm test -- leaving bun   the files whose name contains "leaving", on Bun
//   npm run fallback          what is about locks, as on a kernel without open-file-description locks
//   npm run remote            what is about locks, in a thread whose engine is in another one

import { spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** How long a file may take, in milliseconds. */
const TIME_LIMIT = 180_000;
/**
 * How long its process may live on after its last test. It deletes its files then: thousands, and on a
 * busy machine each may wait milliseconds for the disk and for its turn.
 */
const END_LIMIT = 30_000;
/** What is about texts or about what a storm finds, or starts all runtimes itself, is the same on each. */
const ONCE = [
  ...['cli/bench', 'cli/completion', 'cli/storm-sabotage'],
  ...['declarations', 'docs', 'lock/torture', 'rooms'],
].map((name) => `test/${name}.test.ts`);
/** What looks at times, and must not be kept waiting by others, and what fills the kernel's list of locks. */
const ALONE = [
  ...['bench/loop-delay', 'bench/measure'],
  ...['cli/run-background', 'cli/status-many', 'lock/event-loop'],
].map((name) => `test/${name}.test.ts`);
/** What takes longer, and in another thread only `npm run remote` does. */
const LONG_REMOTE = [
  ...['failing-thread', 'holders', 'try-lock', 'watch'].map((name) => `test/lock/${name}.test.ts`),
  ...[
    ...['collect-garbage', 'create-copy', 'not-copies', 'remove-runtime', 'trees-in-use'],
    'use-runtime',
  ].map((name) => `test/runtime/${name}.test.ts`),
];
/** How many files are tested at a time: much of a test is waiting for processes to start. */
const LANES = Math.min(2, availableParallelism());
const root = fileURLToPath(new URL('..', import.meta.url));
const bin = join(root, 'node_modules/.bin');

/** How each runtime starts a test file. Node runs what TypeScript has compiled. */
const runtimes = {
  node: (file) => [
    process.execPath,
    join(root, 'dist', file.replace(/\.ts$/, '.js')),
  ],
  deno: (file) => [
    join(bin, 'deno'),
    'run',
    // Tests look into /proc/self/fd, which Deno allows to no lesser right; the smallest set for
    // programs that use reflock has a test of its own.
    '--allow-all',
    join(root, file),
  ],
  bun: (file) => [join(bin, 'bun'), join(root, file)],
};

/** What is about locks. */
const FALLBACK = ['test/lock/', 'test/runtime/'];

const flags = ['--without-ofd-locks', '--remote'];
const words = process.argv.slice(2).filter((word) => !flags.includes(word));
const isFallback = process.argv.includes('--without-ofd-locks');
const isRemote = process.argv.includes('--remote');
const filter = isFallback ? await writeFilter() : undefined;
const container = filter === undefined
  ? []
  : ['bwrap', '--dev-bind', '/', '/', '--cap-add', 'ALL', '--seccomp', '3', '--'];
const chosenRuntimes = Object.keys(runtimes).filter((name) => words.includes(name));
const patterns = words.filter((word) => !(word in runtimes));
const names = chosenRuntimes.length > 0 ? chosenRuntimes : Object.keys(runtimes);
const files = readdirSync(join(root, 'test'), { recursive: true })
  .map((file) => join('test', file))
  .filter((file) => file.endsWith('.test.ts'))
  .filter((file) => !isFallback || FALLBACK.some((place) => file.startsWith(place)))
  .filter((file) => patterns.length === 0 || patterns.some((part) => file.includes(part)))
  .sort();

const total = { passed: 0, failed: 0, skipped: 0 };
const began = Date.now();
const jobs = files.flatMap((file) => {
  const where = isRemote ? [] : ['here'];
  if (canBeRemote(file) && (isRemote || (!isFallback && !LONG_REMOTE.includes(file)))) {
    where.push('there');
  }
  const runtimes = ONCE.includes(file) ? names.slice(0, 1) : names;
  return runtimes.flatMap((runtime) => where.map((where) => ({ runtime, file, where })));
});
for (const job of jobs.filter(({ file }) => ALONE.includes(file))) await run(job);
const queue = jobs.filter(({ file }) => !ALONE.includes(file));
await Promise.all(Array.from({ length: LANES }, async () => {
  for (let job; (job = queue.shift()) !== undefined;) await run(job);
}));
if (files.length === 0) console.error(`no test file matches ${patterns.join(' ')}`);
console.log(
  `\n${new Set(jobs.map(({ file }) => file)).size} files in ${
    ((Date.now() - began) / 1000).toFixed(0)
  } s`,
);
console.log(
  `${total.passed} passed, ${total.failed} failed` +
    (total.skipped > 0 ? `, ${total.skipped} skipped` : ''),
);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;

async function writeFilter() {
  const { withoutOfdLocks } = await import('../dist/test/support/seccomp.js');
  const { newFile } = await import('../dist/test/support/temp.js');
  const file = newFile();
  writeFileSync(file, withoutOfdLocks());
  return file;
}

/** Whether the engine that a file tests may be in another thread too. */
function canBeRemote(file) {
  return /from '[./]+support\/(subject|runtimes)\.ts'/.test(readFileSync(join(root, file), 'utf8'));
}

async function run({ runtime, file, where }) {
  const start = where === 'here'
    ? runtimes[runtime](file)
    : [...runtimes[runtime]('test/support/client-thread.ts'), file];
  const result = await runFile(start);
  for (const key of Object.keys(total)) total[key] += result[key];
  report(runtime, file, where, result);
}

function runFile(start) {
  const [command, ...args] = [...container, ...start];
  const lacking = filter === undefined ? [] : [openSync(filter, 'r')];
  const began = Date.now();
  // A process group of its own: after a hang its children go with it.
  const child = spawn(command, args, {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', ...lacking],
    env: { ...process.env, NO_COLOR: '1' },
  });
  for (const fd of lacking) closeSync(fd);
  let output = '';
  let hung = '';
  const hang = (why) => {
    hung = why;
    killGroup(child.pid);
  };
  let timer = setTimeout(hang, TIME_LIMIT, `still running after ${TIME_LIMIT / 1000} s`);
  child.stderr.on('data', (data) => output += data);
  child.stdout.on('data', (data) => {
    output += data;
    if (!/^ +Duration: /m.test(output)) return;
    clearTimeout(timer);
    timer = setTimeout(hang, END_LIMIT, `alive ${END_LIMIT / 1000} s after its last test`);
  });
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      killGroup(child.pid);
      const count = (word) => Number(output.match(new RegExp(`^\\s*${word}:\\s+(\\d+)`, 'm'))?.[1]);
      const all = count('Total');
      const passed = count('Passed') || 0;
      const skipped = count('Skipped') || 0;
      // uvu sets the status when a test fails; a file that ends early, or has no test, has failed.
      const sound = code === 0 && all + skipped > 0;
      const failed = sound ? 0 : Math.max(1, (all || 0) - passed - skipped);
      const why = hung || (signal ? `killed by ${signal}` : `exit status ${code}`);
      resolve({
        passed,
        failed,
        skipped,
        sound,
        why,
        output,
        seconds: (Date.now() - began) / 1000,
      });
    });
  });
}

function killGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody is left in the group, as it should be.
  }
}

function report(runtime, file, where, { passed, failed, skipped, sound, why, output, seconds }) {
  const name = relative('test', file).replace(/\.test\.ts$/, '') +
    (where === 'here' ? '' : ', remote');
  const counts = `${passed} passed` + (failed ? `, ${failed} failed` : '') +
    (skipped ? `, ${skipped} skipped` : '');
  console.log(`${runtime.padEnd(5)} ${name.padEnd(28)} ${counts}  ${seconds.toFixed(1)} s`);
  // What a test says when it cannot run is no secret.
  for (const line of output.match(/^skipped: .*$/gm) ?? []) console.log(`      ${line}`);
  if (!sound) console.log(`${why}\n${output.trimEnd()}\n`);
}
