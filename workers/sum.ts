import { DT_DIR } from '../src/linux/listing.ts';
import type { Status } from '../src/linux/status.ts';
import type { Freed } from './tree-task.ts';

/** What the deletion of files would free: those of which all names have been seen. */
export class Sum implements Freed {
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
