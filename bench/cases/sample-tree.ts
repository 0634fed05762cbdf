import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { root } from '../place.ts';
import { spread } from './spread.ts';

/** Where `npm run debian-root` makes a root filesystem, unless it was told another place. */
const debianRoot = process.env.REFLOCK_DEBIAN_ROOT || `${root}.cache/debian-root`;

/** Only the superuser may make hard links to its files. */
const original = process.getuid!() === 0 && existsSync(debianRoot) ? debianRoot : undefined;

/** What the sample is, in words. */
export const sampleTitle: string = original === undefined
  ? 'a made-up tree of 7,000 entries'
  : 'a Debian of 7,000 entries';

/** Makes the whole root filesystem that is copied and deleted, as `source` in the directory. */
export function makeSampleTree(directory: string): void {
  spread(directory);
  const path = join(directory, 'source');
  if (original === undefined) return makeUpTree(path);
  try {
    execFileSync('cp', ['-al', original, path], { stdio: 'ignore' });
  } catch {
    // From another filesystem, and on top of what has been made of it.
    execFileSync('cp', ['-aT', original, path]);
  }
}

/** As many directories, files and links as in a small Debian, and about as deep. */
export function makeUpTree(path: string): void {
  for (let place = 0; place < 750; place++) {
    const directory = join(path, 'usr/share', `${place % 7}`, `${place % 77}`, `package-${place}`);
    mkdirSync(directory, { recursive: true });
    for (let file = 0; file < 7; file++) {
      writeFileSync(join(directory, `file-${file}.txt`), 'some text\n');
    }
    symlinkSync('file-0.txt', join(directory, 'file.txt'));
  }
}
