import { setInterval } from 'node:timers';
import { isThreadAlive } from '../linux/interrupt.ts';

/** How often threads are looked at, in milliseconds. */
const INTERVAL = 100;

/** Whoever waits for the end of a thread. */
interface Watcher {
  readonly thread: number;
  readonly ended: () => void;
  /** It was gone at the last look. */
  gone: boolean;
}

const watchers = new Set<Watcher>();
let timer: NodeJS.Timeout | undefined;

/**
 * Calls back when a thread of this process has ended, within a few tenths of a second. Gives a
 * function that stops it.
 *
 * The kernel is asked, because nothing else tells on all runtimes and for all kinds of ends: ports
 * of web workers on Deno have no `close` event, on Bun it comes while the thread may still be at
 * work, and nobody may take from a thread what it still uses. A terminated thread is at work until
 * it leaves the native call that it is in, or, on Deno, for as long as its program computes.
 */
export function onThreadEnd(thread: number, ended: () => void): () => void {
  const watcher: Watcher = { thread, ended, gone: false };
  watchers.add(watcher);
  timer ??= setInterval(look, INTERVAL).unref();
  return () => {
    watchers.delete(watcher);
    if (watchers.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

function look(): void {
  for (const watcher of watchers) {
    // Between two looks arrives what the thread has posted before its end.
    if (watcher.gone) watcher.ended();
    else watcher.gone = !isThreadAlive(watcher.thread);
  }
}
