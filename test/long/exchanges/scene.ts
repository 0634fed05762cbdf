import { chmodSync, chownSync, lchownSync, lstatSync, mkdirSync } from 'node:fs';
import { renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { temp } from '../../support/temp.ts';
import { treeOf } from '../../support/trees.ts';

/** The user who exchanges names, and the one whose files are to be reached by that. */
export const ATTACKER = 2001;
const VICTIM = 2002;

/** What is exchanged with a link: the last name of the path, or one before it, or one in the tree. */
export const swaps = ['last', 'middle', 'inside'] as const;
export type Swap = (typeof swaps)[number];

/** Whose directory it is in which the attacker exchanges names. */
export const grounds = ['sticky', 'attacker'] as const;
export type Ground = (typeof grounds)[number];

/** A directory that everybody may use, or the attacker's own, with a runtime of the attacker's. */
export class Scene {
  /** Where the attacker exchanges {@linkcode Scene.names}. */
  readonly directory: string;
  readonly names: readonly [string, string];
  /** What the superuser is asked to work on. */
  readonly path: string;
  readonly #shared: string;
  readonly #victim: string;
  readonly #before: string;

  constructor(base: string, ground: Ground, swap: Swap) {
    const shared = this.#shared = join(base, 'shared');
    this.#victim = join(base, 'victim');
    for (const directory of [base, shared]) mkdirSync(directory);
    for (const directory of [temp, dirname(base), base, shared]) chmodSync(directory, 0o755);
    this.#layOutVictim();
    if (ground === 'sticky') chmodSync(shared, 0o1777);
    else chownSync(shared, ATTACKER, ATTACKER);
    const way = join(shared, 'way');
    mkdirSync(way);
    chownSync(way, ATTACKER, ATTACKER);
    this.path = swap === 'last' ? join(shared, 'runtime') : join(way, 'runtime');
    this.directory = swap === 'inside' ? this.path : shared;
    this.names = [{ last: 'runtime', middle: 'way', inside: 'usr' }[swap], 'other'];
    this.renew();
    // To a place where the rest of the path leads to a runtime too.
    const target = { last: 'runtime', middle: '.', inside: 'runtime/usr' }[swap];
    if (swap !== 'inside') this.#link(join(shared, 'other'), join(this.#victim, target));
    this.#before = this.#look();
  }

  /** Lays out the runtime again where it has gone; as the attacker, who cannot harm anybody by that. */
  renew(): void {
    process.seteuid!(ATTACKER);
    const next = join(this.#shared, 'next');
    try {
      layOut(next);
      if (this.names[0] === 'usr') symlinkSync(`${this.#victim}/runtime/usr`, join(next, 'other'));
      for (
        const path of [this.path, this.path.replace(/(runtime|way\/runtime)$/, this.#otherName)]
      ) {
        if (renamed(next, path)) return;
      }
    } finally {
      rmSync(next, { recursive: true, force: true });
      process.seteuid!(0);
    }
  }

  get #otherName(): string {
    return this.names[0] === 'runtime' ? 'other' : 'other/runtime';
  }

  /** What has become of the victim's files, if anything has. */
  get harm(): string | undefined {
    const now = this.#look();
    return now === this.#before ? undefined : `before:\n${this.#before}\nafter:\n${now}`;
  }

  /** Whether something of the victim's is below a directory. */
  hasSecret(path: string): boolean {
    return treeOf(path).some((name) => name.includes('secret'));
  }

  #layOutVictim(): void {
    mkdirSync(this.#victim, { mode: 0o700 });
    layOut(join(this.#victim, 'runtime'), VICTIM);
    writeFileSync(join(this.#victim, 'runtime/usr/bin/secret'), 'thesis');
    for (const name of ['.ref', 'tmp-photos', 'tmp-photos/secret']) {
      const path = join(this.#victim, name);
      if (name === 'tmp-photos') mkdirSync(path);
      else writeFileSync(path, '');
      chownSync(path, VICTIM, VICTIM);
    }
    chownSync(this.#victim, VICTIM, VICTIM);
  }

  #link(path: string, target: string): void {
    symlinkSync(target, path);
    lchownSync(path, ATTACKER, ATTACKER);
  }

  #look(): string {
    return treeOf(this.#victim).map((name) => {
      const { ino, uid, mode, nlink, mtimeMs, ctimeMs } = lstatSync(join(this.#victim, name));
      return [name, ino, uid, mode, nlink, mtimeMs, ctimeMs].join(' ');
    }).join('\n');
  }
}

function renamed(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch {
    // There is one, or the way leads to the victim at this moment.
    return false;
  }
}

/** A whole root filesystem that says what it is; and a directory of copies with one in it. */
function layOut(path: string, owner?: number): void {
  for (const name of ['', 'usr', 'usr/bin', 'tmp-copy', 'tmp-copy/usr']) {
    mkdirSync(join(path, name));
  }
  for (const name of ['.ref', 'usr/bin/prog', 'tmp-copy/.ref']) writeFileSync(join(path, name), '');
  if (owner === undefined) return;
  for (const name of ['', ...treeOf(path)]) lchownSync(join(path, name), owner, owner);
}
