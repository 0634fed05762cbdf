import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually } from '../support/eventually.ts';
import { startScript } from '../support/process.ts';
import { shownLines, startOnTerminal } from '../support/terminal.ts';

for (const [first, second] of [['SIGINT', 'SIGINT'], ['SIGTERM', 'SIGHUP']] as const) {
  test(`interruptible() is stopped by ${first}, and ended at once by a ${second} after it`, async () => {
    const program = startScript('test/fixtures/stubborn.ts');
    assert.is(await program.line(), 'working');
    process.kill(program.child.pid!, first);
    assert.is(await program.line(), 'stopping');
    process.kill(program.child.pid!, second);
    const { code, signal } = await program.ended;
    assert.is(signal, second, `status ${code}`);
  });
}

test('on a terminal Ctrl-C clears the bar at once, and a second one ends the program', async () => {
  const { program, written } = startOnTerminal('test/fixtures/stubborn.ts');
  await eventually('a bar', () => written().includes('50% of 2 files'));
  program.child.stdin!.write('\x03');
  await eventually('the first signal', () => written().includes('stopping'));
  program.child.stdin!.write('\x03');
  assert.is((await program.ended).code, 130);
  // The terminal itself has written the last one.
  assert.equal(shownLines(written()), ['working', 'stopping', '^C']);
});

test.run();
