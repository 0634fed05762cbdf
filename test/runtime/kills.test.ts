import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { collector } from '../long/kills/collector.ts';
import { copier } from '../long/kills/copier.ts';
import { Ground } from '../long/kills/ground.ts';
import { killRounds } from '../long/kills/kill-rounds.ts';
import { remover } from '../long/kills/remover.ts';
import { anySeed } from '../support/random.ts';

/** How many kills at least; `npm run kills` makes more. */
const COUNT = 4;
const ground = await Ground.make();

for (const operation of [copier, collector, remover]) {
  test(`a killed ${operation.name} leaves what is whole or refused, and collected at once`, async () => {
    const seed = anySeed();
    const { killed, violations } = await killRounds(ground, operation, COUNT, seed);
    assert.equal(violations, [], `seed ${seed}\n${violations.join('\n')}`);
    assert.ok(killed.middle > 0, `seed ${seed}: no kill has hit the work itself`);
  });
}

test.after(() => ground.remove());

test.run();
