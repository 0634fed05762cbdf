/**
 * Runtimes to try things on, and copies of them made by nothing of what is tested. They are merged
 * `/usr` trees: directories in directories, files, symbolic links, and a `.ref`.
 */

import { chmodSync, linkSync, lstatSync, mkdirSync, readdirSync, readlinkSync } from 'node:fs';
import { rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Manifest, manifest } from './manifest.ts';

/** The directories among which the files are dealt out. */
const DIRECTORIES = [
  ...['bin', 'etc', 'lib', 'lib/locale', 'lib/modules', 'lib/modules/deep', 'libexec'],
  ...['lib/modules/deep/deeper', 'lib/modules/deep/deeper/deepest', 'share', 'share/doc'],
];
/** What a mutable copy has links to at its top. */
const TOP = ['bin', 'etc', 'lib'];
/** When the directories say that they were changed, in seconds. */
export const OLD = 1_600_000_000;

/** Makes a runtime with so many files. */
export function makeRuntime(path: string, files: number): void {
  for (const name of DIRECTORIES) mkdirSync(join(path, name), { recursive: true });
  mkdirSync(join(path, 'share/empty'));
  mkdirSync(join(path, 'share/private'), { mode: 0o700 });
  for (let number = 0; number < files; number++) {
    const name = `${DIRECTORIES[number % DIRECTORIES.length]}/file-${number}`;
    writeFileSync(join(path, name), `${number}\n`);
  }
  chmodSync(join(path, 'bin/file-0'), 0o755);
  symlinkSync('file-0', join(path, 'bin/sample'));
  symlinkSync('nowhere', join(path, 'lib/dangling'));
  symlinkSync('/etc/passwd', join(path, 'etc/passwd'));
  writeFileSync(join(path, '.ref'), '');
  age(path);
}

/** Makes another runtime of the same files, by hard links; with a `.ref` of its own. */
export function linkRuntime(source: string, target: string): void {
  mkdirSync(target, { recursive: true });
  for (const entry of readdirSync(source, { withFileTypes: true })) {
    const [from, to] = [join(source, entry.name), join(target, entry.name)];
    if (entry.name === '.ref') writeFileSync(to, '');
    else if (entry.isDirectory()) linkRuntime(from, to);
    else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(from), to);
    else linkSync(from, to);
  }
  chmodSync(target, lstatSync(source).mode & 0o7777);
  utimesSync(target, OLD, OLD);
}

/** Lays out what a mutable copy of a runtime looks like. */
export function linkCopy(source: string, target: string): void {
  linkRuntime(source, join(target, 'usr'));
  symlinkSync('usr/.ref', join(target, '.ref'));
  for (const name of TOP) symlinkSync(`usr/${name}`, join(target, name));
}

/** What a mutable copy of a runtime must consist of. */
export function copyOf(source: string): Manifest {
  const { mode } = lstatSync(source);
  const usr = `directory ${(mode & 0o7777).toString(8)}`;
  return new Map([
    ['usr', usr],
    ...[...manifest(source)].map(([path, what]) => [`usr/${path}`, what] as const),
    ...TOP.map((name) => [name, `link to usr/${name}`] as const),
  ]);
}

/** Deletes a tree. */
export function removeTree(path: string): void {
  rmSync(path, { recursive: true, force: true });
}

function age(directory: string): void {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (entry.isDirectory()) age(join(directory, entry.name));
  }
  utimesSync(directory, OLD, OLD);
}
