import {
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { directory, reportOf, storm, untilAllHappens } from '../support/storm.ts';

for (const deployment of [true, false]) {
  const what = deployment ? 'a deployment' : 'a whole root filesystem';
  test(`storm --runtime uses ${what} of the user's and leaves it as it is`, async () => {
    const own = directory();
    const root = deployment ? join(own, 'files') : own;
    const usr = deployment ? root : join(own, 'usr');
    mkdirSync(join(usr, 'bin'), { recursive: true });
    mkdirSync(join(usr, 'lib'));
    writeFileSync(join(usr, 'lib/libfoo.so.1'), 'foo');
    symlinkSync('libfoo.so.1', join(usr, 'lib/libfoo.so'));
    if (!deployment) symlinkSync('usr/bin', join(own, 'bin'));
    const list = () => readdirSync(own, { recursive: true }).map(String).sort();
    const before = [...list(), deployment ? 'files/.ref' : '.ref'].sort();
    const { ino } = statSync(join(usr, 'lib/libfoo.so.1'));
    const dir = directory();
    const few = ['--runtimes', '2', '--launchers', '4'];
    const options = ['--runtime', own, ...few, '--seconds'];
    const report = await untilAllHappens(
      ['launches', 'removed', 'copies'],
      (seconds) => reportOf(storm(dir, ...options, `${seconds}`), dir, 0),
    );
    assert.ok(report.launches > 0 && report.removed > 0 && report.copies > 0);
    assert.equal(list(), before);
    assert.is(statSync(join(usr, 'lib/libfoo.so.1')).ino, ino);
    assert.is(readFileSync(join(usr, 'lib/libfoo.so.1'), 'utf8'), 'foo');
  });
}

test('storm refuses bad usage before it makes anything', async () => {
  const dir = directory();
  const refuses = async (status: number, message: string, ...args: string[]) => {
    const program = storm(dir, ...args);
    assert.equal(await program.ended, { code: status, signal: null });
    assert.is(program.stderr(), `reflock: ${message}\n`);
    assert.equal(readdirSync(dir), []);
  };
  const seconds = 'The option "--seconds" must be a number above 0, not';
  await refuses(64, `${seconds} "soon"`, '--seconds', 'soon');
  await refuses(64, `${seconds} "-1"`, '--seconds=-1');
  await refuses(
    64,
    'The option "--launchers" must be a whole number from 1 to 1000, not "1.5"',
    '--launchers=1.5',
  );
  await refuses(64, 'Unknown argument "now"', 'now');
  const missing = join(dir, 'missing');
  await refuses(
    69,
    `Cannot make runtimes in "${missing}": no such directory`,
    `--dir=${missing}`,
  );
  await refuses(
    69,
    `Cannot use "${missing}" as a runtime: no such file or directory (ENOENT from open)`,
    `--runtime=${missing}`,
  );
  const deployment = directory();
  const files = join(deployment, 'files');
  mkdirSync(files);
  await refuses(
    69,
    `Cannot use "${files}" as a runtime: it has no files/, no usr/, and not both bin/ and lib/`,
    `--runtime=${deployment}`,
  );
  mkdirSync(join(files, 'files'));
  await refuses(
    69,
    `Cannot copy "${files}": the "files" in it would be taken for the runtime`,
    `--runtime=${deployment}`,
  );
  assert.equal(readdirSync(deployment, { recursive: true }).sort(), ['files', 'files/files']);
});

test.run();
