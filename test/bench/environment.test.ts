import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { environment, filesystemType } from '../../bench/environment.ts';
import { temp } from '../support/temp.ts';

const mountinfo = `21 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
22 21 0:20 / /tmp rw - tmpfs tmpfs rw
23 21 0:21 / /my\\040disk rw shared:2 master:3 - xfs /dev/vdb rw
24 22 0:22 / /tmp rw - btrfs /dev/vdc rw
`;

test('filesystemType() finds the innermost and topmost mount', () => {
  assert.is(filesystemType(mountinfo, '/home/me'), 'ext4');
  assert.is(filesystemType(mountinfo, '/'), 'ext4');
  assert.is(filesystemType(mountinfo, '/tmp/deep/below'), 'btrfs');
  assert.is(filesystemType(mountinfo, '/tmporary'), 'ext4');
  assert.is(filesystemType(mountinfo, '/my disk/file'), 'xfs');
});

test('environment() knows this machine', () => {
  const { kernel, cores, filesystem, loadAverage, versions } = environment(temp);
  assert.match(kernel, /^\d+\.\d+/);
  assert.ok(cores >= 1);
  assert.is.not(filesystem, 'unknown');
  assert.is(loadAverage.length, 3);
  for (const name of ['reflock', 'fs-native-extensions', 'koffi', 'bwrap', 'cc', 'cp']) {
    assert.match(versions[name] ?? '', /^\d+\.\d+/, name);
  }
});

test.run();
