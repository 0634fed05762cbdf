import { join } from 'node:path';
import { test } from 'uvu';
import { all, allShown, fails } from '../support/dangerous.ts';
import { makeCopies, newPlace } from '../support/trees.ts';

test('usage errors of every subcommand show the words that they are about', async () => {
  const lines: [status: number, ...args: string[]][] = [
    [64, all],
    [64, 'gc', `--${all}`],
    [69, 'run', '--lock-file', all, 'true'],
    [64, 'run', '--timeout', all, 'true'],
    [64, 'run', '--fd', all, 'true'],
    [64, 'run', '--terminate-timeout', all, 'true'],
    [127, 'run', all],
    [127, 'run', '--exec', all],
    [127, 'run', '--exit-with-parent', all],
    [69, 'use', all, 'true'],
    [64, 'copy', 'a', 'b', all],
    [69, 'copy', all, 'b'],
    [64, 'gc', 'a', all],
    [64, 'gc', '--current', all, 'a'],
    [69, 'gc', all],
    [69, 'gc', '--legacy-base', all, makeCopies(newPlace(), [])],
    [64, 'rm', 'a', all],
    [69, 'rm', all],
    [69, 'status', all],
    [64, 'doctor', 'a', all],
    [69, 'doctor', all],
    [64, 'storm', all],
    [64, 'storm', '--seconds', all],
    [69, 'storm', '--dir', all],
    [69, 'storm', '--runtime', all],
    [64, 'completion', all],
    [64, 'bench', all],
    [64, 'bench', '--case', all],
    [64, 'bench', '--runtime', all],
    [64, 'bench', '--rounds', all],
    [69, 'bench', '--dir', all],
    [64, 'bench', '--save', all],
    [64, 'bench', '--show', all],
    [64, 'bench', '--compare', all],
    [69, 'bench', '--report', join(all, 'page')],
  ];
  const atATime = 3;
  await Promise.all(Array.from({ length: atATime }, async () => {
    for (let line; (line = lines.shift()) !== undefined;) {
      const [status, ...args] = line;
      await fails(status, allShown, ...args);
    }
  }));
});

test.run();
