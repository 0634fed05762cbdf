import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { judgeFilesystem } from '../../src/cli/doctor/filesystem.ts';
import type { Finding } from '../../src/cli/doctor/finding.ts';
import { judgeLimits } from '../../src/cli/doctor/inotify.ts';
import { judgeOpenFiles, judgeRuntime } from '../../src/cli/doctor/surroundings.ts';
import { mountAt } from '../../src/cli/mount-of.ts';

const MOUNTS = `
22 27 0:21 / /proc rw,relatime - proc proc rw
30 27 0:40 / /net rw,relatime shared:5 - nfs4 box:/ rw,vers=4.2,local_lock=none,addr=10.0.0.1
31 27 0:41 / /net/old rw - nfs box:/old rw,vers=3,nolock,local_lock=all
32 27 0:42 / /net/flock rw - nfs box:/f rw,vers=3,local_lock=flock
33 27 0:43 / /net/posix rw - nfs box:/p rw,vers=3,local_lock=posix
34 27 0:44 / /smb rw - cifs //box/share rw,vers=3.1.1
35 27 0:45 / /smb/nobrl rw - cifs //box/share rw,nobrl
36 27 0:46 / /home/a\\040b rw - fuse.sshfs a@b: rw,user_id=0
37 27 8:1 / /mnt/stick rw - fuseblk /dev/sda1 rw,user_id=0
38 27 0:47 / /usr/share/ro ro,nosuid - tmpfs tmpfs rw
39 27 0:48 / /shared rw - virtiofs host rw
40 27 0:49 / /twice rw - ext4 /dev/vdb rw
41 40 0:50 / /twice rw - xfs /dev/vdc rw
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
42 27 0:51 / /lustre rw - lustre a:/b rw,localflock
`;

const judgePath = (path: string): Finding => judgeFilesystem(mountAt(MOUNTS, path));

const judged: [path: string, state: Finding['state'], message: RegExp][] = [
  ['/srv', 'ok', /^ext4 on \/, local$/],
  ['/network', 'ok', /^ext4 on \/, local$/],
  ['/net/share/deep', 'warning', /^nfs4 on \/net: a try can take long .*holders.*inotify$/],
  ['/net/old', 'failure', /^nfs on \/net\/old is mounted with nolock: other machines /],
  ['/net/posix/x', 'failure', /^nfs on \/net\/posix is mounted with local_lock=posix: /],
  ['/net/flock', 'warning', /^nfs on \/net\/flock: /],
  ['/smb', 'warning', /^cifs on \/smb: /],
  ['/smb/nobrl', 'failure', /^cifs on \/smb\/nobrl is mounted with nobrl: /],
  ['/home/a b/c', 'warning', /^fuse\.sshfs on \/home\/a b: /],
  ['/mnt/stick', 'ok', /^fuseblk on \/mnt\/stick, local$/],
  ['/usr/share/ro/x', 'ok', /^tmpfs on \/usr\/share\/ro, local, mounted read-only$/],
  ['/shared', 'warning', /^virtiofs on \/shared: /],
  ['/twice/..x', 'ok', /^xfs on \/twice, local$/],
  ['/lustre', 'failure', /^lustre on \/lustre is mounted with localflock: /],
];

for (const [path, state, message] of judged) {
  test(`the filesystem of ${path} is judged as ${state}`, () => {
    const found = judgePath(path);
    assert.is(found.state, state);
    assert.match(found.message, message);
    if (state === 'warning') assert.match(found.advice!, /reflock storm --dir/);
    if (state === 'failure') assert.match(found.advice!, /^mount it without /);
  });
}

test('a filesystem that is not shown is worth a warning', () => {
  assert.is(judgeFilesystem(mountAt('', '/srv')).state, 'warning');
});

test('a mount point cannot move the cursor', () => {
  const { message } = judgeFilesystem({ type: 'ext4', point: '/a\x1b[2J', options: [] });
  assert.is(message, 'ext4 on /a\\u001b[2J, local');
});

test('old JavaScript runtimes are worth a warning', () => {
  const states: [Record<string, string>, Finding['state'], string][] = [
    [{ node: '20.0.0' }, 'ok', 'Node 20.0.0'],
    [{ node: '18.20.1' }, 'warning', 'Node 18.20.1 is too old'],
    [{ node: '26.3.0', deno: '2.0.0' }, 'ok', 'Deno 2.0.0'],
    [{ node: '20.11.1', deno: '1.46.3' }, 'warning', 'Deno 1.46.3 is too old'],
    [{ node: '24.3.0', bun: '1.2.0' }, 'ok', 'Bun 1.2.0'],
    [{ node: '24.3.0', bun: '1.1.45' }, 'warning', 'Bun 1.1.45 is too old'],
  ];
  for (const [versions, state, message] of states) {
    const found = judgeRuntime(versions);
    assert.equal([found.state, found.message], [state, message]);
    assert.is(found.advice !== undefined, state !== 'ok');
  }
});

test('small limits are worth a warning, and are named', () => {
  const files = (soft: string, hard: string) =>
    judgeOpenFiles(`Limit Soft Hard Units\nMax open files   ${soft}   ${hard}   files\n`);
  assert.equal(files('20000', '20000'), { state: 'ok', message: 'up to 20000 in a process' });
  assert.match(files('1024', '524288').message, /^up to 524288 in a process \(now 1024; /);
  assert.is(files('1024', 'unlimited').state, 'ok');
  const few = files('1024', '4095');
  assert.is(few.state, 'warning');
  assert.match(few.advice!, /raise the hard limit/);
  assert.is(judgeOpenFiles('').state, 'warning');

  assert.is(judgeLimits({ instances: 128, watches: 8192 }).state, 'ok');
  assert.match(judgeLimits({ instances: 127, watches: 8192 }).advice!, /max_user_instances to 128/);
  assert.match(judgeLimits({ instances: 128, watches: 100 }).advice!, /max_user_watches to 8192/);
  assert.equal(judgeLimits({ instances: NaN, watches: NaN }), {
    state: 'ok',
    message: 'closes are told',
  });
});

test.run();
