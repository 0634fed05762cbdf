import { dirname } from 'node:path';
import process from 'node:process';
import { startShell } from '../peers/shell.ts';
import { runtime, scriptCommand } from '../place.ts';
import type { Case } from './case.ts';
import { running } from './running.ts';

/** The program that does nothing, by which the time of a runtime itself is measured. */
const nothing: readonly string[] = runtime === 'deno' ? ['eval', '0'] : ['-e', '0'];

/** What `reflock run` adds to a command: from its start to its end, beside the bare runtime. */
export const startUpCase: Case = {
  name: 'start-up',
  title: 'reflock run -- true, from start to end',
  bounds: { 'the runtime alone': { node: 1.5, bun: 4 } },
  rounds: 41,
  contenders: (path) => {
    const shell = startShell(dirname(path));
    const reflock = [...scriptCommand('src/cli/main.ts'), 'run', '--', 'true'];
    return [
      { ...running('reflock', shell, reflock), end: () => shell.end() },
      running('the runtime alone', shell, [process.execPath, ...nothing]),
    ];
  },
};
