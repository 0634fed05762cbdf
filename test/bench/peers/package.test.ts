import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadIfItWorks, type PackageName } from '../../../bench/peers/package.ts';
import { newFile } from '../../support/temp.ts';

test('loadIfItWorks() says of a package that is not there that it is not installed', () => {
  const name = 'reflock-no-such-package' as PackageName;
  const { absent } = loadIfItWorks(name, 'lock', newFile(), 'nobody') as { absent: string };
  assert.is(absent, 'not installed');
});

test('loadIfItWorks() gives the package after a call in another process', () => {
  const koffi = loadIfItWorks('koffi', 'async', newFile());
  assert.ok(!('absent' in koffi) && typeof koffi.load === 'function');
});

test('loadIfItWorks() says in one short line why a call came to nothing', () => {
  const why = loadIfItWorks('koffi', 'no such function', newFile(), 'koffi, nonsense');
  assert.ok('absent' in why);
  assert.is(why.name, 'koffi, nonsense');
  assert.match(why.absent, /^does not work: .{5,80}$/);
});

test.run();
