import type { Absent, Contender } from '../measure.ts';
import { compile } from '../peers/c.ts';
import { startProgram } from '../peers/program.ts';

/** The system calls of a free lock made from C, in a process of its own. */
export function uncontendedC(path: string): Contender | Absent {
  const command = compile('uncontended');
  if ('absent' in command) return command;
  const program = startProgram([...command, path]);
  return {
    name: 'C',
    elsewhere: true,
    measure: async (count) => [Number(await program.ask(`${count}`)) / count],
    end: () => program.end(),
  };
}
