import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { monotonic } from '../clock.ts';
import { absent, type Contender } from '../measure.ts';
import { startProgram } from '../peers/program.ts';
import { startShell } from '../peers/shell.ts';
import { root, scriptCommand } from '../place.ts';
import type { Case } from './case.ts';

const PROCESSES = 2000;
const DESCRIPTORS = 20_000;

const LOCKS = 100_000;

/** Who holds a lock, on a machine with many processes. */
export const findHoldersCase: Case = statusCase(
  'find-holders',
  `reflock status among ${PROCESSES} processes with ${DESCRIPTORS} descriptors`,
  'crowd.py',
  [PROCESSES, DESCRIPTORS / PROCESSES],
);

/** The same on a machine with many locks. */
export const findHoldersLocksCase: Case = statusCase(
  'find-holders-locks',
  `reflock status among ${LOCKS} locks`,
  'lock-crowd.py',
  [LOCKS],
);

/** Measures the command from its start to its end, by a shell, as a user would. */
function statusCase(name: string, title: string, peer: string, counts: readonly number[]): Case {
  return {
    name,
    title,
    bounds: {},
    limits: { median: 1e9 },
    rounds: 11,
    contenders(path) {
      if (spawnSync('python3', ['--version']).error) return [absent('reflock', 'no python3')];
      const program = ['python3', `${root}bench/peers/${peer}`, path, ...counts.map(String)];
      return [timeStatus(path, startProgram(program))];
    },
  };
}

function timeStatus(path: string, crowd: ReturnType<typeof startProgram>): Contender {
  const shell = startShell(dirname(path));
  const command = [...scriptCommand('src/cli/main.ts'), 'status', path];
  const line = command.map((word) => `'${word}'`).join(' ');
  return {
    name: 'reflock',
    count: 1,
    elsewhere: true,
    measure: async () => {
      await crowd.ask('Are you there?');
      const began = monotonic();
      // It is among them that holds the lock.
      await shell.run(`${line} | grep -q 'shared .*holds .*python3'`);
      return [Number(monotonic() - began)];
    },
    end() {
      crowd.end();
      shell.end();
    },
  };
}
