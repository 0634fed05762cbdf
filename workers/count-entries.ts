import { DT_DIR, DT_UNKNOWN } from '../src/linux/listing.ts';
import { Status } from '../src/linux/status.ts';
import { LostWay, Walk } from '../src/linux/walk.ts';
import { type CountTask, type Freed, STOP, TOTAL } from './tree-task.ts';

/**
 * Counts what is below a directory. Without the directory itself it becomes {@linkcode TOTAL}, but not
 * before everything is counted: whoever watches would take a part for the whole.
 */
export function countEntries({ words, tree, mounts, measure }: CountTask): Freed {
  const status = new Status();
  const sum = new Sum();
  let total = 0;
  const another = (known: boolean): void => {
    total++;
    if (known) sum.add(status);
  };
  if (measure && status.of(tree) === 0) sum.add(status);
  const walk = new Walk(tree, mounts, {
    goOn: () => Atomics.load(words, STOP) === 0,
    file: (dirfd, name, type) => {
      // Few filesystems do not say in a listing what an entry is.
      const known = (measure || type === DT_UNKNOWN) && status.at(dirfd, name) === 0;
      if (known && status.type === DT_DIR) return 'directory';
      another(known && measure);
      return 'done';
    },
    entered: (_parent, _name, fd) => another(measure && status.of(fd) === 0),
    // The work itself will say so.
    failed: () => {},
  });
  try {
    walk.run();
  } catch (error) {
    // The work itself will find out; until then this is as much as is known.
    if (!(error instanceof LostWay)) throw error;
  }
  Atomics.store(words, TOTAL, total);
  return { bytes: sum.bytes, inodes: sum.inodes };
}

/** What would be freed: files all of whose names have been seen. */
class Sum implements Freed {
  bytes = 0;
  inodes = 0;
  /** How many more names there are. */
  readonly #elsewhere = new Map<string, number>();

  add(status: Status): void {
    if (status.type !== DT_DIR && status.links > 1) {
      const left = (this.#elsewhere.get(status.identity) ?? status.links) - 1;
      this.#elsewhere.set(status.identity, left);
      if (left > 0) return;
    }
    this.inodes++;
    this.bytes += status.bytes;
  }
}
