import { EISDIR, ENOENT, ENOTEMPTY } from '../src/linux/errno.ts';
import { fileCalls, type Name } from '../src/linux/file-calls.ts';
import { Status } from '../src/linux/status.ts';
import { LostWay, Walk } from '../src/linux/walk.ts';
import { type DeleteDone, type DeleteTask, DONE, type FailedCall } from './tree-task.ts';
import { FAILURES, STOP } from './tree-task.ts';

const AT_REMOVEDIR = 0x200;
/** How often a directory is emptied into which somebody else keeps putting files. */
const ATTEMPTS = 10;

/**
 * Deletes a directory with all that is in it. What cannot be deleted is noted, and the rest goes
 * on. Nothing is followed out of the tree: neither a symbolic link, nor a directory that is swapped
 * for one meanwhile, nor a mount, whose files are somebody else's.
 */
export function deleteTree({ words, order, parent, name, tree }: DeleteTask): DeleteDone {
  return new Deletion(words, order).run(parent, name, tree);
}

class Deletion {
  readonly #calls = fileCalls();
  readonly #status = new Status();
  readonly #words: Int32Array;
  readonly #order: DeleteTask['order'];
  readonly #failures: FailedCall[] = [];
  #failureCount = 0;
  #bytes = 0;
  #inodes = 0;
  /** How often the present directory has turned out not to be empty. */
  #attempts = 0;
  /** How often the way back up was lost. */
  #lost = 0;
  #walk: Walk | undefined;

  constructor(words: Int32Array, order: DeleteTask['order']) {
    this.#words = words;
    this.#order = order;
  }

  run(parent: number, name: Name, tree: number): DeleteDone {
    let stopped = false;
    do {
      const before = this.#failureCount;
      stopped = !this.#empty(tree);
      if (stopped || this.#failureCount > before) break;
    } while (this.#removeDirectory(parent, name, tree) === 'again');
    return {
      stopped,
      bytes: this.#bytes,
      inodes: this.#inodes,
      failures: this.#failures,
      failureCount: this.#failureCount,
    };
  }

  /** Deletes all that is below the open directory. */
  #empty(tree: number): boolean {
    /** Failures at the time when each of the directories above was entered. */
    const entered: number[] = [];
    const walk = this.#walk = new Walk(tree, 'refuse', {
      goOn: () => Atomics.load(this.#words, STOP) === 0,
      file: (dirfd, name) => this.#unlink(dirfd, name),
      entered: () => void entered.push(this.#failureCount),
      left: (dirfd, name) => {
        // What is left in it has been noted already.
        if (this.#failureCount > entered.pop()!) return 'done';
        return this.#removeDirectory(dirfd, name);
      },
      failed: (syscall, errno) => {
        if (errno !== ENOENT) this.#fail(syscall, errno);
      },
    }, this.#order);
    try {
      return walk.run();
    } catch (error) {
      if (!(error instanceof LostWay)) throw error;
      // A directory was moved elsewhere while we were in it: the rest begins anew at the top.
      if (++this.#lost < ATTEMPTS) return this.#empty(tree);
      this.#fail('open', error.errno);
      return true;
    }
  }

  #unlink(dirfd: number, name: Name): 'directory' | 'done' {
    const known = this.#status.at(dirfd, name) === 0;
    if (this.#calls.unlinkat(dirfd, name, 0) !== -1) {
      this.#count(known && this.#status.links === 1);
      return 'done';
    }
    const errno = this.#calls.errno();
    if (errno === EISDIR) return 'directory';
    if (errno !== ENOENT) this.#fail('unlink', errno);
    return 'done';
  }

  #removeDirectory(dirfd: number, name: Name, open?: number): 'again' | 'done' {
    const known = (open === undefined ? this.#status.at(dirfd, name) : this.#status.of(open)) === 0;
    if (this.#calls.unlinkat(dirfd, name, AT_REMOVEDIR) !== -1) {
      this.#attempts = 0;
      this.#count(known);
      return 'done';
    }
    const errno = this.#calls.errno();
    // Somebody has put something into it: another collector makes a `.ref` to lock it, for example.
    if (errno === ENOTEMPTY && ++this.#attempts < ATTEMPTS) return 'again';
    this.#attempts = 0;
    if (errno !== ENOENT) this.#fail('rmdir', errno);
    return 'done';
  }

  #count(freed: boolean): void {
    Atomics.add(this.#words, DONE, 1);
    if (!freed) return;
    this.#inodes++;
    this.#bytes += this.#status.bytes;
  }

  #fail(syscall: string, errno: number): void {
    this.#failureCount++;
    if (this.#failures.length >= FAILURES) return;
    this.#failures.push({ path: this.#walk?.path ?? '', syscall, errno });
  }
}
