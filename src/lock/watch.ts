import { newInotify, readCloses, unwatch, watchCloses } from '../linux/inotify.ts';
import { closeFd } from '../linux/open.ts';
import { BEGUN, newWords, OVER, READY, STARTING, STATE } from '../../workers/watch-task.ts';
import { WAITING, type WatchTask } from '../../workers/watch-task.ts';
import { interruptAtExit } from './exit.ts';
import type { KernelWait } from './kernel-wait.ts';
import { Pool } from './pool.ts';

/** Who is told what a {@linkcode Watch} sees. */
export interface WatchListener {
  /** Somebody has closed the file of this wait, and may yet have the lock for a moment. */
  closed(wait: KernelWait): void;
  /** Any file may have been closed. */
  lost(): void;
}

/**
 * Watches the files of many waits with one thread. All that the thread does is to wake its owner,
 * who does the rest; it lives as long as there is a file to watch.
 *
 * A watch is a courtesy of the kernel that may be refused, and that tells nothing on a network
 * filesystem: waits must not depend on it.
 */
export class Watch {
  readonly #pool: Pool;
  readonly #listener: WatchListener;
  readonly #watchOf = new Map<KernelWait, number>();
  readonly #waitsOf = new Map<number, KernelWait[]>();
  /** Kept, because to close one that has watched anything takes the kernel many milliseconds. */
  #inotify = -1;
  #task: WatchTask | undefined;

  constructor(idleTimeout: number, listener: WatchListener) {
    this.#pool = new Pool({ worker: 'watch', maxThreads: 1, idleTimeout });
    this.#listener = listener;
  }

  /** How many waits have their files watched. */
  get size(): number {
    return this.#watchOf.size;
  }

  /** How many threads there are for it. */
  get threads(): number {
    return this.#pool.threads;
  }

  /** Watches the file of a wait, if that can be. What was closed before is not told. */
  add(wait: KernelWait): void {
    if (this.#inotify === -1) this.#inotify = newInotify();
    if (this.#inotify === -1) return;
    const watch = watchCloses(this.#inotify, wait.description.fd);
    if (watch === -1) return;
    this.#watchOf.set(wait, watch);
    const waits = this.#waitsOf.get(watch);
    if (waits === undefined) this.#waitsOf.set(watch, [wait]);
    else waits.push(wait);
    if (this.#task === undefined) this.#start();
  }

  /** Watches the file of a wait no longer. */
  delete(wait: KernelWait): void {
    const watch = this.#watchOf.get(wait);
    if (watch === undefined) return;
    this.#watchOf.delete(wait);
    const others = this.#waitsOf.get(watch)!.filter((other) => other !== wait);
    if (others.length > 0) return void this.#waitsOf.set(watch, others);
    this.#waitsOf.delete(watch);
    if (this.#watchOf.size === 0) this.#stop();
    unwatch(this.#inotify, watch);
  }

  /** Makes the thread leave the kernel, when the process is about to end. */
  leaveNow(): boolean {
    this.#stop();
    for (const watch of this.#waitsOf.keys()) unwatch(this.#inotify, watch);
    this.#watchOf.clear();
    this.#waitsOf.clear();
    return true;
  }

  /** Ends the thread. Every wait must have been deleted before. */
  async close(): Promise<void> {
    await this.#pool.close();
    if (this.#inotify !== -1) closeFd(this.#inotify);
    this.#inotify = -1;
  }

  #start(): void {
    const task: WatchTask = { words: newWords(), inotify: this.#inotify };
    this.#task = task;
    interruptAtExit.add(this);
    this.#listen(task);
    this.#pool.run(task, () => withdraw(task)).catch(() => {
      // Without a thread the waits are tried from time to time, as always.
      if (this.#task === task) this.leaveNow();
    });
  }

  /** Ends the thread's task; the end of a watch, which must follow, is an event that wakes it. */
  #stop(): void {
    if (this.#task === undefined) return;
    Atomics.store(this.#task.words, STATE, OVER);
    Atomics.notify(this.#task.words, STATE);
    this.#task = undefined;
    interruptAtExit.delete(this);
  }

  #listen(task: WatchTask): void {
    const { words } = task;
    const look = (): void => {
      const state = Atomics.load(words, STATE);
      if (state === OVER) return;
      // The event loop has its turn between two batches. The thread is not asked for the second one:
      // Bun now and then hears of it no sooner than it has a timer to attend to; its event loop does
      // not count what a notification has made due (compare oven-sh/bun#34911).
      if (state === READY && this.#read(task)) return void setImmediate(look);
      const { async, value } = Atomics.waitAsync(words, STATE, state === READY ? WAITING : state);
      if (async) value.then(look);
      else setImmediate(look);
    };
    look();
  }

  /** Reads one batch of events. When there are no more it has the thread wait for some, and gives `false`. */
  #read({ inotify, words }: WatchTask): boolean {
    const watches = readCloses(inotify);
    if (watches === 'lost') this.#listener.lost();
    else {
      for (const watch of watches) {
        for (const wait of this.#waitsOf.get(watch) ?? []) this.#listener.closed(wait);
      }
    }
    if (watches === 'lost' || watches.length > 0) return true;
    if (Atomics.compareExchange(words, STATE, READY, WAITING) === READY) {
      Atomics.notify(words, STATE);
    }
    return false;
  }
}

/** Sees to it that no thread takes up the watch any more, unless one has: then it gives `false`. */
function withdraw({ words }: WatchTask): boolean {
  return Atomics.compareExchange(words, STATE, STARTING, OVER) === STARTING ||
    Atomics.load(words, BEGUN) === 0;
}
