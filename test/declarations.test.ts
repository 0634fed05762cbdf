import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { root } from './support/runtime.ts';
import { temp } from './support/temp.ts';

const { exports } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));

/** The declaration files that a user's compiler reads, from the exports on. */
function reachable(): string[] {
  const entries = Object.values(exports).flatMap((entry) =>
    typeof entry === 'object' ? [join(root, (entry as { types: string }).types)] : []
  );
  const found = new Set(entries);
  for (const file of found) {
    for (const [, from] of readFileSync(file, 'utf8').matchAll(/from '(\.[^']+)\.ts'/g)) {
      found.add(join(dirname(file), `${from}.d.ts`));
    }
  }
  return [...found];
}

/** Compiles a program that has the package as a dependency; gives what the compiler says. */
function compile(source: string): string {
  const home = mkdtempSync(join(temp, 'user-'));
  mkdirSync(join(home, 'node_modules'));
  symlinkSync(root, join(home, 'node_modules/reflock'));
  symlinkSync(`${root}/node_modules/@types`, join(home, 'node_modules/@types'));
  writeFileSync(join(home, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(home, 'program.ts'), source);
  const flags = '--noEmit --strict --module nodenext --target es2022 --types node ' +
    '--lib es2024,esnext.disposable,dom';
  const { stdout, error } = spawnSync(
    process.execPath.endsWith('node') ? process.execPath : 'node',
    [`${root}/node_modules/typescript/bin/tsc`, ...flags.split(' '), 'program.ts'],
    { cwd: home, encoding: 'utf8' },
  );
  assert.is(error, undefined);
  return stdout;
}

test('no declaration file that a user can reach shows what is internal', () => {
  const files = reachable();
  assert.ok(files.length > 10, files.join());
  assert.ok(files.some((file) => file.endsWith('/lock/lock.d.ts')));
  for (const file of files) {
    const text = readFileSync(file, 'utf8');
    assert.not.match(text, /@internal/, file);
    const member = /^.*\b(take|tryTake|follow|newLock|noteMode|newLockSet)\b *[(:].*$/m;
    assert.is(text.match(member)?.[0], undefined, file);
  }
});

test('a user cannot make a lock or a set of locks, nor get past an engine', () => {
  const said = compile(`
    import { Lock, LockEngine, LockSet, lock, lockAll } from 'reflock';
    import { connectEngine, type RemoteEngine } from 'reflock/remote';
    // @ts-expect-error
    new Lock();
    // @ts-expect-error
    new Lock({ kind: 'ofd', fd: 3, trySet: () => 0 }, { path: '' }, {});
    // @ts-expect-error
    new LockSet([], []);
    const engine = new LockEngine({ maxThreads: 1 });
    // @ts-expect-error
    engine.take;
    // @ts-expect-error
    engine.tryTake;
    const remote: RemoteEngine = connectEngine(new MessageChannel().port1 as never);
    // @ts-expect-error
    remote.take;
    // @ts-expect-error
    remote.tryTake;
    const held: Lock = await lock('a', { mode: 'shared' });
    // @ts-expect-error
    held.follow;
    const set: LockSet = await lockAll([{ path: 'a' }]);
    const first: Lock | undefined = set.locks[0];
    const busy: Lock | undefined = engine.tryLock('b');
    const there: Promise<Lock | undefined> = remote.tryLock('b');
    export { busy, first, there };
  `);
  assert.is(said, '');
});

test('the compiler says what is wrong with a user program', () => {
  assert.match(compile(`import { Lock } from 'reflock'; new Lock();`), /TS2673/);
});

test.run();
