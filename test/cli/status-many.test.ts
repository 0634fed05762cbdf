import { mkdirSync, writeFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { startLocker } from '../support/locker.ts';
import { testOfd } from '../support/kind.ts';
import { mustBlock } from '../support/must-block.ts';
import { start } from '../support/process.ts';
import { ends } from '../support/reflock.ts';
import { root } from '../support/runtime.ts';
import { newPath } from '../support/temp.ts';

/** More than are read of the kernel's list, of which 20,000 are about a megabyte. */
const LOCKS = 40_000;

testOfd(
  'among too many locks status names whom it sees, and says that there may be others',
  async () => {
    const directory = newPath();
    mkdirSync(directory);
    const path = `${directory}/.ref`;
    writeFileSync(path, '');
    const crowd = start(['python3', `${root}/bench/peers/lock-crowd.py`, path, `${LOCKS}`]);
    crowd.send('Have you got them?');
    assert.is(await crowd.line(), 'yes', crowd.stderr());
    const reader = await startLocker('posix', path);
    await reader.try('shared');
    const waiter = await startLocker('ofd', path);
    const granted = waiter.wait('exclusive');
    await mustBlock(path);
    for (const named of [path, directory]) {
      const { files, tooMany } = JSON.parse((await ends(0, 'status', '--json', named)).out[0]!);
      assert.is(tooMany, true);
      const holder = { command: 'python3', mode: 'shared', waiting: false };
      assert.equal(files[0].unseen, []);
      assert.equal(
        new Map(files[0].holders.map((one: { pid: number }) => [one.pid, one])),
        new Map([
          [crowd.child.pid, { ...holder, kind: 'ofd', pid: crowd.child.pid }],
          [reader.program.child.pid, { ...holder, kind: 'process', pid: reader.program.child.pid }],
          // What its descriptor allows is all that is known of its mode.
          [waiter.program.child.pid, {
            command: 'python3',
            kind: 'ofd',
            waiting: true,
            pid: waiter.program.child.pid,
          }],
        ]),
      );
    }
    const { out } = await ends(0, 'status', path);
    assert.is(out.length, 5, out.join('\n'));
    assert.match(out.at(-1)!, 'too many locks');
    crowd.child.stdin!.end();
    await crowd.ended;
    await reader.end();
    await granted;
    await waiter.end();
  },
);

testOfd('status names a process once that has hundreds of locks on a file', async () => {
  const path = newPath();
  writeFileSync(path, '');
  const script = `
import fcntl, os, struct, sys
for index in range(300):
    file = os.open(sys.argv[1], os.O_RDONLY)
    fcntl.fcntl(file, 37, struct.pack("hhqqi", fcntl.F_RDLCK, os.SEEK_SET, 0, 0, 0))
print("locked", flush=True)
sys.stdin.read()`;
  const holder = start(['python3', '-c', script, path]);
  assert.is(await holder.line(), 'locked', holder.stderr());
  const { files } = JSON.parse((await ends(0, 'status', '--json', path)).out[0]!);
  const { pid } = holder.child;
  assert.equal(files, [{
    path,
    holders: [{ pid, command: 'python3', mode: 'shared', kind: 'ofd', waiting: false }],
    unseen: [],
  }]);
  holder.child.stdin!.end();
  await holder.ended;
});

test.run();
