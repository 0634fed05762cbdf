/**
 * Reading `/proc`, by libc's calls and not by `node:fs`: Deno lets only programs with all
 * permissions look there.
 */

import { textOf } from './byte-text.ts';
import { openDirectory } from './directory.ts';
import { fileCalls, toName } from './file-calls.ts';
import { list, nameText } from './listing.ts';
import { AT_FDCWD } from './open.ts';
import { O_CLOEXEC } from './open-flags.ts';

/** How much is read at a time, in bytes. */
const SIZE = 65_536;
const buffer = new Uint8Array(SIZE);

/**
 * Gives the text of a file below `/proc`, `''` when it cannot be read. No more is read than about
 * `limit` bytes, and less only at its end.
 *
 * Of another process only those files may be read that the kernel fills from what it knows itself.
 * `mem`, `cmdline` and `environ` are that process's memory: it can put a page there that is never
 * read to its end, and then not even SIGKILL ends the reader.
 */
export function readProc(path: string, limit = Infinity): string {
  const calls = fileCalls();
  const fd = calls.openat(AT_FDCWD, toName(`/proc/${path}`), O_CLOEXEC, 0);
  if (fd === -1) return '';
  const parts: Uint8Array[] = [];
  let total = 0;
  for (let size; total < limit && (size = calls.read(fd, buffer, SIZE)) > 0; total += size) {
    parts.push(buffer.slice(0, size));
  }
  calls.close(fd);
  // Together: a part may end within a character.
  return textOf(parts.length === 1 ? parts[0]! : joined(parts));
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** The names in a directory of which there is a descriptor. */
export function namesIn(directory: number): string[] {
  const listing = list(directory);
  const found: string[] = [];
  if (typeof listing === 'number') return found;
  while (listing.next()) found.push(nameText(listing.nameBytes));
  return found;
}

/** The processes that there are, as far as this pid namespace knows them. */
export function runningPids(): number[] {
  const directory = openDirectory('/proc');
  if (directory < 0) return [];
  const pids = namesIn(directory).map(Number).filter(Number.isInteger);
  fileCalls().close(directory);
  return pids;
}
