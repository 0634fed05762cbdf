import { writeFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { start } from '../support/process.ts';
import { ended } from '../support/reflock.ts';
import { scriptCommand } from '../support/runtime.ts';
import { newPath } from '../support/temp.ts';

const command = scriptCommand('src/cli/main.ts');
const subcommands = [['--help'], ['completion', 'bash'], ['status', '--json', '.'], [
  'run',
  '--help',
]];

test('nobody reads the output any more: that is no failure, and no stack trace', async () => {
  for (const args of subcommands) {
    // The reader has gone before anything is written.
    const fifo = newPath();
    const text =
      `mkfifo ${fifo}; ( read go; "$@"; echo $? >&2 ) <${fifo} | { exec <&-; echo go >${fifo}; }`;
    const { err } = await ended(start(['sh', '-c', text, 'sh', ...command, ...args]), 0);
    assert.equal(err, ['0'], args.join(' '));
  }
});

test('a full disk is said in one line, with status 69', async () => {
  for (const args of subcommands) {
    const text = `"$@" >/dev/full; echo $?`;
    const program = start(['sh', '-c', text, 'sh', ...command, ...args]);
    const { out, err } = await ended(program, 0);
    assert.equal(out, ['69']);
    assert.equal(err, [
      'reflock: Cannot write on stdout: no space left on device (ENOSPC from write)',
    ]);
  }
});

test('a pipe that is full and does not block gets all of the text in the end', async () => {
  const script = newPath();
  writeFileSync(
    script,
    `import os, subprocess, sys
reading, writing = os.pipe()
os.set_blocking(writing, False)
os.write(writing, b'x' * 65536)
program = subprocess.Popen(sys.argv[1:], stdout=writing)
os.close(writing)
text = os.read(reading, 65536)
while part := os.read(reading, 4096): text += part
print(len(text) - 65536, text.endswith(b'\\n'), program.wait())
`,
  );
  const whole = (await ended(start([...command, 'completion', 'fish']), 0)).out.join('\n').length +
    1;
  const program = start(['python3', script, ...command, 'completion', 'fish']);
  assert.equal((await ended(program, 0)).out, [`${whole} True 0`]);
});

test.run();
