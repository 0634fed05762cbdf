import { monotonic } from '../clock.ts';
import type { Contender } from '../measure.ts';
import type { Shell } from '../peers/shell.ts';

/** Runs a command from its start to its end, in a shell that is there already. */
export function running(name: string, shell: Shell, command: readonly string[]): Contender {
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
