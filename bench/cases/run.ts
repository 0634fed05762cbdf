import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { type Absent, absent, type Contender } from '../measure.ts';
import { type Shell, startShell } from '../peers/shell.ts';
import { scriptCommand } from '../place.ts';
import type { Case } from './case.ts';
import { running } from './running.ts';

/** No builtin of the shell, but a program that has to be started. */
const COMMAND = '/bin/true';

/** A command under a lock: by `reflock run`, and by the programs that everybody has for it. */
export const runCase: Case = {
  name: 'run',
  title: 'a command under a lock on a file, from start to end',
  bounds: {},
  rounds: 21,
  contenders: (path) => {
    const shell = startShell(dirname(path));
    const options = ['--create', '--write', '--lock-file', path, '--', COMMAND];
    const reflock = [...scriptCommand('src/cli/main.ts'), 'run', ...options];
    return [
      { ...running('reflock', shell, reflock), end: () => shell.end() },
      peer('flock(1)', shell, ['flock', path, COMMAND]),
      peer('bwrap', shell, ['bwrap', '--dev-bind', '/', '/', '--lock-file', path, COMMAND]),
      running('no lock', shell, [COMMAND]),
    ];
  },
};

/** Once it has run well, it is measured. */
function peer(name: string, shell: Shell, command: readonly string[]): Contender | Absent {
  const [file, ...args] = command;
  const { error, status, stderr } = spawnSync(file!, args, { encoding: 'utf8' });
  if (error !== undefined) return absent(name, 'not installed');
  if (status !== 0) return absent(name, `does not run here: ${stderr.split('\n', 1)[0]}`);
  return running(name, shell, command);
}
