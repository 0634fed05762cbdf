import { ESTALE } from './errno.ts';
import { openSubdirectory, openUnmounted } from './directory.ts';
import { fileCalls, type Name, toName } from './file-calls.ts';
import { Status } from './status.ts';

/** How many directories of the chain stay open. */
const KEPT = 32;
const UP = toName('..');

interface Step {
  /** -1 while it is closed. */
  fd: number;
  /** Known once it has been closed. */
  identity: string;
}

/**
 * The chain of directories from a root down to the present one, each opened by its name in the one
 * above and never through a symbolic link. So whoever renames directories or puts links in their
 * place meanwhile cannot lead it out of the tree.
 *
 * However deep the tree is, only so many descriptors are open: what is further up is closed, found
 * again through `..`, and must be the same directory then.
 */
export class Descent {
  readonly #steps: Step[];
  readonly #mounts: 'enter' | 'refuse';
  readonly #status = new Status();

  /** Starts at an open directory, which stays the caller's to close. */
  constructor(root: number, mounts: 'enter' | 'refuse') {
    this.#steps = [{ fd: root, identity: '' }];
    this.#mounts = mounts;
  }

  /** The present directory. */
  get fd(): number {
    return this.#steps.at(-1)!.fd;
  }

  /** Goes down into a subdirectory; gives 0 or `errno`. */
  down(name: Name): number {
    const open = this.#mounts === 'enter' ? openSubdirectory : openUnmounted;
    const fd = open(this.fd, name);
    if (fd < 0) return -fd;
    this.#steps.push({ fd, identity: '' });
    const far = this.#steps.at(-1 - KEPT);
    if (far !== undefined && far !== this.#steps[0] && far.fd !== -1) {
      this.#status.of(far.fd);
      far.identity = this.#status.identity;
      fileCalls().close(far.fd);
      far.fd = -1;
    }
    return 0;
  }

  /** Goes back up; gives 0, or `errno` when the way up is not the one that led down. */
  up(): number {
    const { fd } = this.#steps.pop()!;
    const errno = this.#reopen(this.#steps.at(-1)!, fd);
    fileCalls().close(fd);
    return errno;
  }

  #reopen(parent: Step, child: number): number {
    if (parent.fd !== -1) return 0;
    const found = openSubdirectory(child, UP);
    if (found < 0) return -found;
    parent.fd = found;
    const errno = this.#status.of(found);
    return errno !== 0 || this.#status.identity === parent.identity ? errno : ESTALE;
  }

  /** Closes all directories but the root. */
  close(): void {
    for (const { fd } of this.#steps.splice(1)) if (fd !== -1) fileCalls().close(fd);
  }
}
