import { identity } from '../linux/identity.ts';
import type { GiveUp } from './give-up.ts';
import type { Lock } from './lock.ts';
import { LockedFile } from './locked-file.ts';

/**
 * The files that one engine holds or waits for, by device and inode: the same file may have several
 * paths, and a path may come to mean another file.
 */
export class LockedFiles {
  readonly #files = new Map<string, LockedFile>();
  #retired: LockedFile | undefined;

  /** What is known of the file that `identify()` has read last, if anything is. */
  find(): LockedFile | undefined {
    return this.#files.size === 0 ? undefined : this.#files.get(identity());
  }

  /** What is known of that file, to know more of it. */
  get(): LockedFile {
    const key = identity();
    let file = this.#files.get(key);
    if (file === undefined) {
      file = new LockedFile(this, key);
      this.#files.set(key, file);
    }
    return file;
  }

  /** Forgets a file of which there is nothing to know, as soon as the next one comes to that. */
  retire(file: LockedFile): void {
    const last = this.#retired;
    // A line's recess may end when its file has been forgotten, and perhaps another one is known
    // by the same key.
    if (last === file || this.#files.get(file.key) !== file) return;
    // Whoever locks one file again and again need not have it made anew each time.
    this.#retired = file;
    if (last?.unused) this.#files.delete(last.key);
  }

  /** How many waiters have no other place than the line of their file. */
  get queued(): number {
    let queued = 0;
    for (const waiter of this.#waiters()) if (waiter.state === 'queued') queued++;
    return queued;
  }

  /** The engine's own locks that each wait has in its way. */
  inTheWay(): Map<GiveUp, Lock[]> {
    const found = new Map<GiveUp, Lock[]>();
    for (const file of this.#files.values()) {
      for (const { giveUp, want, upgraded, previous } of file.line ?? []) {
        found.set(giveUp, file.inTheWay(want, upgraded, previous));
      }
    }
    return found;
  }

  /** Has no line let anybody in any more. */
  close(): void {
    for (const file of this.#files.values()) file.line?.close();
  }

  *#waiters() {
    for (const file of this.#files.values()) yield* file.line ?? [];
  }
}
