import { existsSync, openSync } from 'node:fs';
import { renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { lock, type LockError, tryLock } from '../support/subject.ts';
import { sides } from '../support/sides.ts';
import { within } from '../support/eventually.ts';
import { openFds } from '../support/open-fds.ts';
import { assertRefused, rejection } from '../support/rejection.ts';
import { temp } from '../support/temp.ts';
import { makeTree, newPlace } from '../support/trees.ts';

const beneath = { beneath: true } as const;

test('a link that stays below its directory is followed, and created behind', async () => {
  const place = makeTree(newPlace(), ['.ref -> usr/.ref', 'usr/']);
  await assertRefused(
    () => tryLock(join(place, '.ref'), beneath),
    /no such file or directory/,
  );
  const held = (await tryLock(join(place, '.ref'), { ...beneath, create: true }))!;
  assert.ok(existsSync(join(place, 'usr/.ref')));
  assert.is(await tryLock(join(place, 'usr/.ref')), undefined);
  held.release();
});

test('a link that leads out of its directory is EXDEV, and plain locks follow it', async () => {
  const outside = makeTree(newPlace(), ['file']);
  const links = [join(outside, 'file'), '../../' + join(outside, 'new').slice(temp.length + 1)];
  for (const target of links) {
    const place = makeTree(newPlace(), [`.ref -> ${target}`, 'sub/']);
    for (const create of [false, true]) {
      for (const mode of ['shared', 'exclusive'] as const) {
        await assertRefused(
          () => tryLock(join(place, '.ref'), { ...beneath, create, mode }),
          (error: LockError) =>
            error.code === 'EXDEV' && error.path === join(place, '.ref') &&
            /^Cannot lock ".*": it is a symbolic link that leads out of its directory$/.test(
              error.message.replace(/ for (reading|writing)/, ''),
            ),
        );
      }
    }
    assert.is(existsSync(join(outside, 'new')), false);
  }
  const place = makeTree(newPlace(), [`.ref -> ${join(outside, 'file')}`]);
  (await tryLock(join(place, '.ref')))!.release();
});

test('the directory itself may be reached through links, and by a descriptor', async () => {
  const place = makeTree(newPlace(), ['real/.ref', 'link -> real']);
  const held = (await tryLock(join(place, 'link/.ref'), beneath))!;
  assert.is(
    await tryLock('.ref', { ...beneath, at: openSync(join(place, 'real'), 'r') }),
    undefined,
  );
  held.release();
});

for (const { whose, hold, settled } of sides) {
  for (const target of ['b', '../nowhere', '/etc/passwd']) {
    test(`a wait for ${whose} whose link is turned to ${target} is ERR_LOCK_REPLACED`, async () => {
      const place = makeTree(newPlace(), ['.ref -> a', 'a', 'b']);
      const path = join(place, '.ref');
      const held = await hold(join(place, 'a'));
      const waiting = rejection(lock(path, beneath));
      await settled(join(place, 'a'));
      symlinkSync(target, join(place, 'next'));
      renameSync(join(place, 'next'), path);
      held.release();
      assert.is((await within(5000, 'the end of the wait', waiting)).code, 'ERR_LOCK_REPLACED');
      (await tryLock(join(place, 'a')))!.release();
    });
  }

  test(`a wait for ${whose} through a link is granted, and leaves no descriptor open`, async () => {
    const place = makeTree(newPlace(), ['.ref -> a', 'a']);
    const held = await hold(join(place, 'a'));
    const waiting = lock(join(place, '.ref'), beneath);
    await settled(join(place, 'a'));
    held.release();
    (await waiting).release();
    assert.equal(openFds(place), []);
  });
}

test('an option that is no boolean is refused', async () => {
  const place = makeTree(newPlace(), []);
  writeFileSync(join(place, '.ref'), '');
  await assertRefused(
    () => tryLock(join(place, '.ref'), { beneath: 1 as never }),
    /"beneath" must be a/,
  );
});

test.run();
