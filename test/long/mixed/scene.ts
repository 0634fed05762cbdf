import { mkdirSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { linkRuntime, makeRuntime, OLD } from '../../support/sample-runtime.ts';

/** Where the roles meet. */
export interface Scene {
  /** The source runtimes, which collectors remove and lay out anew. */
  readonly base: string;
  /** The copies. */
  readonly parent: string;
  /** The runtime of which all sources are made, by hard links. */
  readonly template: string;
  /** Where they are made, before they are renamed into place. */
  readonly aside: string;
  /** Who is in what, independent of the locks. */
  readonly witness: string;
}

/** The names of the sources, and below each the runtime itself. */
export const sources: ReadonlyMap<string, string> = new Map([
  ['usr-1', ''],
  ['usr-2', ''],
  ['deployment', 'files'],
]);
/** What the directory of copies is called among the witnesses. */
export const COPIES = 'the copies';
/** In every source and its copies: a file that no other source has. */
export const STAMP = 'stamp';
/** How many files a source has. */
const FILES = 100;

/** Lays everything out in an empty directory. */
export function makeScene(directory: string): Scene {
  const [base, parent, template, aside, witness] = [
    ...['base', 'copies', 'template', 'aside', 'witness'].map((name) => join(directory, name)),
  ] as [string, string, string, string, string];
  const scene = { base, parent, template, aside, witness };
  for (const path of [base, parent, aside, witness]) mkdirSync(path);
  // Nobody makes copies there, but removers leave there what collectors take.
  writeFileSync(join(base, '.ref'), '');
  makeRuntime(template, FILES);
  for (const name of sources.keys()) layOut(scene, name);
  return scene;
}

/** Lays out a source that is not there: whoever finds it finds all of it. */
export function layOut({ base, template, aside }: Scene, name: string): void {
  const path = join(aside, `${name} ${randomUUID()}`);
  const root = join(path, sources.get(name)!);
  linkRuntime(template, root);
  writeFileSync(join(root, STAMP), path);
  utimesSync(root, OLD, OLD);
  renameSync(path, join(base, name));
}
