// Kills copiers, collectors and removers at random moments, and looks at what they have left.
// usage: npm run kills -- [--count N] [--seed S] [--runtime node|deno|bun]
//
// Ends with 0 when every promise was kept, and with 1 when one was broken, or when no kill has hit
// the work itself.

import process from 'node:process';
import { longRun } from '../support/long-run.ts';
import { collector } from './kills/collector.ts';
import { copier } from './kills/copier.ts';
import { Ground } from './kills/ground.ts';
import { killRounds } from './kills/kill-rounds.ts';
import { remover } from './kills/remover.ts';

await longRun('kills', 200, async (count, seed) => {
  const ground = await Ground.make();
  for (const operation of [copier, collector, remover]) {
    const { took, killed, violations } = await killRounds(ground, operation, count, seed);
    const { before, middle, after } = killed;
    console.log(
      `${operation.name.padEnd(10)} takes ${took.toFixed(1)} ms; killed ${count} times: ` +
        `${before} before, ${middle} in the middle, ${after} after; ` +
        `${violations.length} violations`,
    );
    for (const violation of violations) console.log(`  ${violation}`);
    if (violations.length > 0 || middle === 0) process.exitCode = 1;
  }
  await ground.remove();
});
