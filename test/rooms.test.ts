import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { root } from './support/runtime.ts';

/** Which rooms a room may import from, beside itself. Nothing below knows anything above. */
const allowed: Record<string, readonly string[]> = {
  'src/linux': [],
  workers: ['src/linux'],
  'src/lock': ['src/linux', 'workers'],
  'src/runtime': ['src/lock', 'src/linux', 'workers', 'src/mod.ts'],
  'src/remote': ['src/lock', 'src/linux'],
  'src/process': ['src/linux'],
  'src/cli/bench': ['src/cli', 'src/lock', 'bench'],
  'src/cli': ['src/cli/bench', 'src/runtime', 'src/lock', 'src/process', 'src/linux', 'src/mod.ts'],
  'src/mod.ts': ['src/lock'],
};

/** Which rooms may import what is not ours: who imports the library loads no more than it needs. */
const packages: Record<string, readonly string[]> = {
  koffi: ['src/linux'],
  piscina: ['src/lock'],
  comlink: ['src/remote'],
  'cli-progress': ['src/cli'],
  'cli-table3': ['src/cli'],
  picocolors: ['src/cli'],
  'pretty-bytes': ['src/cli'],
};

const room = (file: string) =>
  Object.keys(allowed).find((name) => file.startsWith(name)) ??
    (file.startsWith('bench/') ? 'bench' : undefined);

const files = ['src', 'workers'].flatMap((top) =>
  readdirSync(join(root, top), { recursive: true })
    .map((file) => join(top, String(file)))
    .filter((file) => file.endsWith('.ts'))
);

test('every source file is in a room', () => {
  assert.ok(files.length > 10);
  for (const file of files) assert.ok(room(file), file);
});

for (const file of files) {
  test(`${file} imports one way only`, () => {
    const text = readFileSync(join(root, file), 'utf8');
    const imports = text.matchAll(/(?:from|import|import\() ?'(\.{1,2}\/[^']+)'/g);
    for (const [, path] of imports) {
      const target = room(relative(root, join(root, dirname(file), path!)));
      const home = room(file)!;
      assert.ok(
        target === home || allowed[home]!.includes(target ?? ''),
        `${file} imports ${path}, and ${home} may not import from ${target}`,
      );
    }
    // Node and Bun evaluate all of `process` when it is imported, also its streams, and that makes a
    // pipe non-blocking for everybody who has it, such as the command of `reflock run`
    // (nodejs/node#42826). Nothing is evaluated of the global.
    assert.not.match(text, /from 'node:process'/, `${file} imports node:process`);
    // Without the examples in its documentation, which import what users import.
    const code = text.replace(/^ *\*.*$/gm, '');
    for (const [, name] of code.matchAll(/(?:from|import|import\() ?'(?!\.|node:)([^']+)'/g)) {
      assert.ok(packages[name!]?.includes(room(file)!), `${file} imports ${name}`);
    }
  });
}

/**
 * Where a path leads is asked once. So only these files of the runtime layer may start from one: the first
 * two open what a path leads to, and the third only compares.
 */
const PATHS = ['follow-path', 'place', 'mounts'].map((name) => `src/runtime/${name}.ts`);
/** What starts from a path, or makes one. */
const FROM_PATHS =
  /\b(AT_FDCWD|openDirectory|pathOf|openStart|openWithoutLinks|openThrough|readdirSync|statSync)\b|-100\b/;

for (const file of files.filter((file) => /^(src\/runtime|workers)\//.test(file))) {
  if (PATHS.includes(file)) continue;
  test(`${file} acts on open directories alone`, () => {
    const code = readFileSync(join(root, file), 'utf8').replace(/^ *(\*|\/\/).*$/gm, '');
    assert.not.match(code, FROM_PATHS);
    // Flags are all that may come from there.
    for (const [, names] of code.matchAll(/import (.*) from 'node:fs[^']*'/g)) {
      assert.match(names!, /^\{ constants( as \w+)? \}$/, file);
    }
  });
}

/** What writes for people, and what may put together something that they write as it is. */
const gates: readonly (readonly [what: RegExp, where: readonly string[]])[] = [
  [
    /\bwriteSync\(|\bstd(out|err)\.write\b|\bconsole\.|\bcreateWriteStream\b/,
    ['src/cli/print.ts', 'src/cli/say.ts'],
  ],
  [
    /\bnew Own\(/,
    ['colors', 'print', 'rewritten-line', 'say', 'status/watch', 'with-progress']
      .map((name) => `src/cli/${name}.ts`),
  ],
];

test('nothing is written past the two functions that escape text of others', () => {
  for (const [what, where] of gates) {
    const found = files.filter((file) =>
      what.test(readFileSync(join(root, file), 'utf8').replace(/^ *\*.*$/gm, ''))
    );
    assert.equal(found.sort(), where);
  }
});

test.run();
