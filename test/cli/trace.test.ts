import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { startLocker } from '../support/locker.ts';
import { copyToLookAt, programsThatLook } from '../support/looks.ts';
import { mustBlock } from '../support/must-block.ts';
import { start } from '../support/process.ts';
import { ended } from '../support/reflock.ts';
import { newPath } from '../support/temp.ts';

const missing = spawnSync('strace', ['--version']).error !== undefined;
if (missing) console.log('skipped: the trace of what looks: there is no strace');

/** The calls that are traced: all by which the memory of another process can be read. */
const CALLS = 'open,openat,openat2,process_vm_readv,process_vm_writev,ptrace,pidfd_open';
/** Of these files of other processes nothing is to be read. */
const MEMORY = /\/proc\/(?!self\/)[^"]*\/(mem|cmdline|environ|auxv|maps|smaps\w*|pagemap|stack)"/;

for (const name of ['status', 'gc', 'run', 'holders()']) {
  (missing ? test.skip : test)(
    `${name} opens no process's memory, and names who waits`,
    async () => {
      const copy = copyToLookAt();
      const [ofd, posix] = [
        await startLocker('ofd', copy.ref),
        await startLocker('posix', copy.ref),
      ];
      await ofd.try('exclusive');
      const granted = posix.wait('shared');
      await mustBlock(copy.ref);
      const { command, status } = programsThatLook(copy).find((one) => one.name === name)!;
      const trace = newPath();
      const program = start([
        'strace',
        '-f',
        '-q',
        '-e',
        `trace=${CALLS}`,
        '-o',
        trace,
        ...command,
      ]);
      const { out, err } = await ended(program, status);
      const text = readFileSync(trace, 'utf8');
      // The trace is one of a look, and a complete one.
      const info = new RegExp(`open.*/proc/${ofd.program.child.pid}/fdinfo/\\d+"`);
      assert.match(text, info);
      const bad = text.split('\n').filter((line) =>
        MEMORY.test(line) || /\b(process_vm_\w+|ptrace)\(/.test(line)
      );
      assert.equal(bad, []);
      assert.ok(
        [...out, ...err].join().includes(`${ofd.program.child.pid}`),
        'who holds it is named',
      );
      if (name === 'status' || name === 'holders()') {
        assert.ok(out.join().includes(`"pid":${posix.program.child.pid}`), 'who waits is named');
      }
      await ofd.end();
      await granted;
      await posix.end();
    },
  );
}

test.run();
