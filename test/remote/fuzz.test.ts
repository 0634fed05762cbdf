// Messages that look nearly right. The seed of a failure is in its title, and makes the same messages
// once more:
//
//   REFLOCK_FUZZ_SEED=1234 npm test -- remote/fuzz

import { closeSync, openSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Fuzz } from '../support/fuzz.ts';
import { anySeed, Random } from '../support/random.ts';
import { RawClient } from '../support/raw-client.ts';
import { newFile, newPath } from '../support/temp.ts';
import { underAttack } from '../support/under-attack.ts';

const MESSAGES = 400;
const seed = Number(process.env['REFLOCK_FUZZ_SEED'] ?? anySeed());

const files = [...Array.from({ length: 4 }, newFile), newPath(), '/nowhere/x', '', 'a\0b'];

for (const place of ['its own port', 'the endpoint'] as const) {
  test(`${MESSAGES} messages on ${place} do no harm (seed ${seed})`, () =>
    underAttack(async ({ attacker, endpoint, honest }) => {
      const fuzz = new Fuzz(new Random(seed), files);
      const path = newFile();
      const file = openSync(path, 'r');
      let refused = 0;
      attacker.port.on('message', ({ name }) => refused += Number(name === 'throw'));
      for (let count = 0; count < MESSAGES; count++) {
        if (place === 'its own port') attacker.port.postMessage(fuzz.call(), fuzz.transfer);
        else endpoint.postMessage(fuzz.knock(), fuzz.transfer);
        if (count % 40 > 0) continue;
        // In the midst of it an honest client goes on.
        await attacker.fence();
        (await honest.lock(path)).release();
      }
      await attacker.fence();
      const next = new RawClient(endpoint);
      await next.hello();
      await next.release();
      assert.is(readFileSync(`/proc/self/fd/${file}`, 'utf8'), '');
      closeSync(file);
      if (place === 'its own port') assert.ok(refused > MESSAGES / 4, `${refused} were refused`);
      // Some of the knocks were good ones.
      for (const end of fuzz.ends) {
        end.postMessage({ id: 'end', type: 'RELEASE' });
        end.close();
      }
    }));
}

test.run();
