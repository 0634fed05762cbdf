import { chmodSync, chownSync, lchownSync, mkdirSync, statSync, symlinkSync } from 'node:fs';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tryLock, type TryLockOptions } from '../../src/mod.ts';
import { startScript } from '../support/process.ts';
import { temp } from '../support/temp.ts';

const ALICE = 61001;
const BOB = 61002;
const shared = { mode: 'shared', create: true } as const;
const exclusive = { create: true } as const;

const isRoot = process.getuid!() === 0;
if (!isRoot) console.log('skipped: locks of other users: only root can be other users');
const testAsRoot = isRoot ? test : test.skip;
chmodSync(temp, 0o755);

/** Somebody who takes locks and keeps them until he is told to go. */
interface User {
  tries(path: string, options: TryLockOptions): Promise<unknown>;
  goes(): Promise<void>;
}

function start(uid: number, umask = '022'): User {
  const program = startScript('test/fixtures/as-user.ts', [String(uid), umask]);
  return {
    tries: async (path, options) => {
      program.send(JSON.stringify([path, options]));
      const answer = await program.line();
      assert.ok(answer !== undefined, program.stderr());
      return JSON.parse(answer!);
    },
    goes: async () => {
      program.child.stdin!.end();
      await program.ended;
    },
  };
}

let count = 0;

/** A directory of somebody. */
function newDirectory(owner: number, mode = 0o755): string {
  const path = join(temp, `of-${owner}-${++count}`);
  mkdirSync(path);
  chownSync(path, owner, owner);
  chmodSync(path, mode);
  return path;
}

function ownerAndMode(path: string): string {
  const { uid, gid, mode } = statSync(path);
  return `${uid}:${gid} ${(mode & 0o7777).toString(8)}`;
}

/** What is said to somebody who may only read. */
function denial(path: string, owner: number): { code: string; message: string } {
  const user = owner === 0 ? 'root' : `uid ${owner} or as root`;
  return {
    code: 'EACCES',
    message:
      `Cannot lock "${path}" for writing: it belongs to uid ${owner}, and this process may ` +
      `not write to it (EACCES from open); run as ${user}, or allow it with chmod`,
  };
}

testAsRoot('a .ref that root makes under umask 077 can be locked shared by all', async () => {
  const [root, alice] = [start(0, '077'), start(ALICE)];
  const path = join(newDirectory(0), '.ref');
  assert.is(await root.tries(path, shared), 'granted');
  assert.is(ownerAndMode(path), '0:0 644');
  for (const options of [shared, { mode: 'shared' }] as const) {
    assert.is(await alice.tries(path, options), 'granted');
  }
  assert.equal(await alice.tries(path, exclusive), denial(path, 0));
  assert.equal(await alice.tries(path, {}), denial(path, 0));
  await alice.goes();
  await root.goes();
  assert.is(tryLock(path)?.mode, 'exclusive');
});

testAsRoot('another file that is made has mode 0644 less the umask', async () => {
  const [root, alice] = [start(0, '077'), start(ALICE)];
  const path = join(newDirectory(0), 'other');
  assert.is(await root.tries(path, exclusive), 'granted');
  assert.is(ownerAndMode(path), '0:0 600');
  assert.match((await alice.tries(path, shared) as Error).message, /may not read it \(EACCES/);
  await Promise.all([alice.goes(), root.goes()]);
});

for (const beneath of [false, true]) {
  const how = beneath ? ', beneath its directory' : '';
  testAsRoot(`a .ref that root makes in a user's directory is the user's${how}`, async () => {
    const [root, alice] = [start(0, '027'), start(ALICE)];
    const place = newDirectory(ALICE, 0o700);
    mkdirSync(join(place, 'usr'));
    chownSync(join(place, 'usr'), ALICE, BOB);
    // The one behind the link does not exist either.
    symlinkSync('usr/.ref', join(place, '.ref'));
    assert.is(await root.tries(join(place, '.ref'), { ...shared, beneath }), 'granted');
    assert.is(ownerAndMode(join(place, 'usr/.ref')), `${ALICE}:${BOB} 644`);
    await root.goes();
    assert.is(await alice.tries(join(place, '.ref'), { ...exclusive, beneath }), 'granted');
    await alice.goes();
  });
}

testAsRoot('in a directory that all share, as /tmp, each can have what another made', async () => {
  const [root, alice, bob] = [start(0, '077'), start(ALICE, '077'), start(BOB)];
  const place = newDirectory(0, 0o1777);
  const path = join(place, '.ref');
  assert.is(await alice.tries(path, shared), 'granted');
  assert.is(ownerAndMode(path), `${ALICE}:${ALICE} 644`);
  assert.is(await bob.tries(path, shared), 'granted');
  assert.equal(await bob.tries(path, exclusive), denial(path, ALICE));
  assert.is(await root.tries(path, shared), 'granted');
  assert.is(await root.tries(path, exclusive), 'busy');
  await Promise.all([root.goes(), alice.goes(), bob.goes()]);
});

testAsRoot("in such a directory nothing is made behind somebody else's link", () => {
  const place = newDirectory(0, 0o1777);
  const [path, target] = [join(place, '.ref'), join(newDirectory(0), '.ref')];
  symlinkSync(target, path);
  lchownSync(path, ALICE, ALICE);
  assert.throws(
    () => tryLock(path, exclusive),
    (error: { code: string }) => error.code === 'EACCES',
  );
  assert.not(existsSync(target));
});

testAsRoot('users who make the same files at the same moment all have them', async () => {
  const place = newDirectory(0, 0o1777);
  const users = [ALICE, BOB, 0].map((uid) => start(uid));
  const paths = Array.from({ length: 100 }, (_, index) => {
    const path = join(place, String(index));
    mkdirSync(path);
    chmodSync(path, 0o1777);
    return join(path, '.ref');
  });
  const answers = users.flatMap((user) => paths.map((path) => user.tries(path, shared)));
  for (const answer of await Promise.all(answers)) assert.is(answer, 'granted');
  await Promise.all(users.map((user) => user.goes()));
});

testAsRoot('a shared lock with create is had on a file that may only be read', async () => {
  const alice = start(ALICE);
  const path = join(newDirectory(0), '.ref');
  writeFileSync(path, '', { mode: 0o444 });
  assert.is(await alice.tries(path, shared), 'granted');
  assert.is(tryLock(path), undefined);
  await alice.goes();
});

test.run();
