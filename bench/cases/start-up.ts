import { dirname } from 'node:path';
import process from 'node:process';
import { monotonic } from '../clock.ts';
import type { Contender } from '../measure.ts';
import { type Shell, startShell } from '../peers/shell.ts';
import { runtime, scriptCommand } from '../place.ts';
import type { Case } from './case.ts';

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

function running(name: string, shell: Shell, command: readonly string[]): Contender {
  const line = command.map((word) => `'${word}'`).join(' ');
  return {
    name,
    count: 1,
    elsewhere: true,
    measure: async () => {
      const began = monotonic();
      await shell.run(line);
      return [Number(monotonic() - began)];
    },
  };
}
