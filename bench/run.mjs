// Measures reflock on Node, Deno and Bun, beside C and fs-native-extensions.
//
//   npm run bench                               everything, in about six minutes
//   npm run bench -- --runtime node,bun         some runtimes
//   npm run bench -- --case try                 one case: try, copy, many-waits, one-file, …
//   npm run bench -- --check                    exit status 1, and why, when a limit is missed
//   npm run bench -- --json                     all samples, for other programs
//   npm run bench -- --dir /mnt/disk            lock files there, and not in the system's
//                                               directory for temporary files
//   npm run bench -- --rounds 500               longer, for a noisy machine

import { spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const TIME_LIMIT = 600_000;
const root = fileURLToPath(new URL('..', import.meta.url));
const bin = join(root, 'node_modules/.bin');

/** How each runtime starts the measurement. Node runs what TypeScript has compiled. */
const runtimes = {
  node: [process.execPath, join(root, 'dist/bench/main.js')],
  deno: [join(bin, 'deno'), 'run', '--allow-all', join(root, 'bench/main.ts')],
  bun: [join(bin, 'bun'), join(root, 'bench/main.ts')],
};

// All the rest is TypeScript, compiled by the package script that starts this.
const { cases } = await import('../dist/bench/cases/all.js');
const { report } = await import('../dist/bench/report/terminal.js');
const { missedBounds } = await import('../dist/bench/result.js');

const options = readOptions();

const results = [];
for (const name of options.cases) {
  for (const runtime of options.runtimes) {
    process.stderr.write(`${name} on ${runtime} …\n`);
    const result = await measure(runtime, name);
    if (result === undefined) process.exitCode = 1;
    else results.push(result);
  }
}
process.stdout.write(options.json ? `${JSON.stringify({ results })}\n` : `\n${report(results)}`);
if (options.check) {
  const missed = missedBounds(results);
  if (options.json) { for (const line of missed) process.stderr.write(`missed: ${line}\n`); }
  if (missed.length > 0) process.exitCode = 1;
}

function readOptions() {
  const caseNames = cases.map(({ name }) => name);
  try {
    const { values } = parseArgs({
      options: {
        runtime: { type: 'string', default: Object.keys(runtimes).join() },
        case: { type: 'string', default: caseNames.join() },
        rounds: { type: 'string' },
        dir: { type: 'string' },
        check: { type: 'boolean' },
        json: { type: 'boolean' },
      },
    });
    const { rounds, dir, check = false, json = false } = values;
    if (rounds !== undefined && !(Number.isInteger(Number(rounds)) && Number(rounds) > 0)) {
      throw new Error(`--rounds must be a number from 1, not "${rounds}"`);
    }
    if (dir !== undefined && !statSync(dir).isDirectory()) {
      throw new Error(`--dir must be a directory, not "${dir}"`);
    }
    return {
      runtimes: oneOf('--runtime', values.runtime, Object.keys(runtimes)),
      cases: oneOf('--case', values.case, caseNames),
      passed: [...(rounds ? ['--rounds', rounds] : []), ...(dir ? ['--dir', dir] : [])],
      check,
      json,
    };
  } catch (error) {
    process.stderr.write(`bench: ${error.message}\n`);
    process.exit(2);
  }
}

function oneOf(option, list, known) {
  const names = list.split(',');
  const wrong = names.find((name) => !known.includes(name));
  if (wrong !== undefined) {
    throw new Error(`${option} must be among ${known.join(', ')}, not "${wrong}"`);
  }
  return names;
}

/** Gives the result, or nothing after the measurement has failed and said why. */
function measure(runtime, name) {
  const [command, ...args] = runtimes[runtime];
  const child = spawn(command, [...args, '--case', name, ...options.passed], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: TIME_LIMIT,
    killSignal: 'SIGKILL',
  });
  let output = '';
  child.stdout.on('data', (data) => output += data);
  return new Promise((resolve) => {
    child.on('error', (error) => {
      process.stderr.write(`bench: ${error.message}\n`);
      resolve(undefined);
    });
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(JSON.parse(output));
      const why = signal ? `was killed by ${signal}` : `ended with status ${code}`;
      process.stderr.write(`bench: ${name} on ${runtime} ${why}\n`);
      resolve(undefined);
    });
  });
}
