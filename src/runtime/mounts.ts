import { pathOf } from '../linux/open.ts';
import { mountPoints } from '../linux/mounts.ts';
import type { Place } from './place.ts';

/**
 * Where something is mounted, as it was at one moment. The kernel tells of a directory when it is
 * opened, and of a file only when it is deleted, which is too late: half of the tree is gone then.
 * The paths are only compared.
 */
export class Mounts {
  readonly #points: readonly string[];

  constructor() {
    this.#points = mountPoints();
  }

  /** Where something is mounted in an open directory. */
  below({ fd }: Place): string | undefined {
    const path = pathOf(fd);
    return path === undefined
      ? undefined
      : this.#points.find((point) => point.startsWith(`${path}/`));
  }
}
