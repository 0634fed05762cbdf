import { mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Locker, startLocker } from '../../support/locker.ts';
import { type Manifest, manifest } from '../../support/manifest.ts';
import {
  copyOf,
  linkCopy,
  linkRuntime,
  makeRuntime,
  removeTree,
} from '../../support/sample-runtime.ts';
import { temp } from '../../support/temp.ts';

/** The deployment in use by name. */
export const CURRENT = 'deploy-current';
/** How many files the source has: enough that most kills hit the walk through its tree. */
const FILES = 400;
/** How many a bystander has: fewer, for all of them are looked at after every kill. */
const FEW = 40;

/**
 * Where things are killed: a base directory with runtimes, and a directory of copies. In both there
 * are bystanders, which are in use, or marked to be kept, or nothing that anybody may delete.
 */
export class Ground {
  readonly base: string;
  readonly parent: string;
  /** The runtime of which copies are made, and all that is to be deleted, by hard links. */
  readonly source: string;
  /** What a copy of it must consist of. */
  readonly copy: Manifest;
  /** What must be as it was after every kill, by path. */
  readonly bystanders = new Map<string, Manifest>();
  readonly #directory = mkdtempSync(join(temp, 'ground-'));
  readonly #lockers: Locker[] = [];

  private constructor() {
    this.base = join(this.#directory, 'base');
    this.parent = join(this.#directory, 'copies');
    this.source = join(this.base, 'source');
    makeRuntime(this.source, FILES);
    this.copy = copyOf(this.source);
    mkdirSync(this.parent);
    for (const directory of this.places) writeFileSync(join(directory, '.ref'), '');
  }

  /** Lays everything out, and has the holders of locks started. */
  static async make(): Promise<Ground> {
    const ground = new Ground();
    const { base, parent } = ground;
    const source = join(base, 'small');
    makeRuntime(source, FEW);
    for (const kind of ['ofd', 'posix'] as const) {
      const copy = join(parent, `tmp-held-${kind}`);
      linkCopy(source, copy);
      await ground.#hold(kind, join(copy, 'usr/.ref'));
    }
    linkRuntime(source, join(base, 'held'));
    await ground.#hold('posix', join(base, 'held/.ref'));
    linkRuntime(source, join(parent, 'deploy-held/files'));
    await ground.#hold('ofd', join(parent, 'deploy-held/files/.ref'));
    for (const name of ['tmp-kept', 'tmp-kept-by-link', 'donotdelete']) {
      linkCopy(source, join(parent, name));
    }
    linkRuntime(source, join(parent, CURRENT, 'files'));
    writeFileSync(join(parent, 'tmp-kept/keep'), '');
    symlinkSync('nowhere', join(parent, 'tmp-kept-by-link/keep'));
    for (const place of ground.places) {
      for (const path of entriesOf(place)) ground.bystanders.set(path, manifest(path));
    }
    return ground;
  }

  /** The directories in which runtimes and copies lie. */
  get places(): readonly string[] {
    return [this.base, this.parent];
  }

  /** Deletes everything, and ends the holders. */
  async remove(): Promise<void> {
    for (const locker of this.#lockers) await locker.end();
    removeTree(this.#directory);
  }

  async #hold(kind: 'ofd' | 'posix', ref: string): Promise<void> {
    const locker = await startLocker(kind, ref);
    this.#lockers.push(locker);
    if (await locker.try('shared') !== 'ok') throw new Error(`cannot hold ${ref}`);
  }
}

/** The paths of all entries of a directory but its lock file. */
export function entriesOf(place: string): string[] {
  return readdirSync(place).filter((name) => name !== '.ref').map((name) => join(place, name));
}
