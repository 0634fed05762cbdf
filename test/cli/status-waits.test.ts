import { mkdirSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually } from '../support/eventually.ts';
import { kind } from '../support/kind.ts';
import { startLocker } from '../support/locker.ts';
import { mustBlock } from '../support/must-block.ts';
import { start } from '../support/process.ts';
import { ends } from '../support/reflock.ts';
import { root, scriptCommand } from '../support/runtime.ts';
import { newFile, newPath } from '../support/temp.ts';

const isRoot = process.getuid!() === 0;
if (!isRoot) console.log('skipped: status on an overlay needs the superuser');

test('status has a question mark where a waiter may wait for either mode', async () => {
  const path = newFile();
  const holder = await startLocker('posix', path);
  await holder.try('exclusive');
  const [one, other] = [await startLocker('ofd', path), await startLocker('ofd', path)];
  const granted = Promise.allSettled([one.wait('shared'), other.wait('exclusive')]);
  await mustBlock(path, 2);
  const { out } = await ends(0, 'status', path);
  const rows = out.slice(2).map((line) => line.split(/ +/).slice(0, 4).join(' ')).sort();
  const pids = [one, other].map(({ program }) => program.child.pid!);
  // Without open-file-description locks the kernel's list names who waits for what.
  if (kind === 'ofd') assert.equal(rows, pids.map((pid) => `OFD ? waits ${pid}`).sort());
  for (const { program } of [holder, one, other]) await program.kill();
  await granted;
});

// The kernel's list has another device there than statx(2), and no process has the descriptor of
// the holder, which would show it.
(isRoot ? test : test.skip)('status tells of waits and hidden holders on an overlay', async () => {
  const place = newPath();
  mkdirSync(place);
  const script = `
    cd "$0" && mount -t tmpfs none . && mkdir lower upper merged || exit 77
    mount -t tmpfs none lower && echo >lower/file && mount -t tmpfs none upper || exit 77
    mkdir upper/data upper/work
    mount -t overlay none -o lowerdir=lower,upperdir=upper/data,workdir=upper/work merged || exit 77
    python3 "$1" merged/file & echo $! $(mountpoint -d merged) $(stat -c %i merged/file)
    shift
    read line && "$@"
    kill $!`;
  const overlay = start([
    ...['unshare', '--mount', 'sh', '-c', script, place],
    `${root}/test/fixtures/hidden-holder.py`,
    ...[...scriptCommand('src/cli/main.ts'), 'status', '--json', 'merged/file'],
  ]);
  const line = await overlay.line();
  if (line === undefined && (await overlay.ended).code === 77) {
    return console.log(`skipped: status on an overlay: ${overlay.stderr()}`);
  }
  const [pid, device, inode] = line!.split(' ');
  // 00:2f:1234, and another overlay's file may have the same inode.
  const hex = device!.split(':').map((part) => Number(part).toString(16).padStart(2, '0'));
  const waits = new RegExp(`-> OFDLCK .* ${hex.join(':')}:${inode} `);
  await eventually('somebody waits there', () => waits.test(readFileSync('/proc/locks', 'utf8')));
  overlay.send('go on');
  const { files: [{ holders, unseen }] } = JSON.parse((await overlay.line())!);
  const common = { kind: 'ofd' };
  assert.equal(holders, [{
    ...common,
    pid: Number(pid),
    command: 'python3',
    mode: 'exclusive',
    waiting: true,
  }]);
  assert.equal(unseen, [{ ...common, mode: 'shared', waiting: false }]);
  await overlay.ended;
});

test.run();
