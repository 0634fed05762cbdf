import { waitForEvents } from '../src/linux/inotify.ts';
import { BEGUN, READY, STARTING, STATE, WAITING, type WatchTask } from './watch-task.ts';

/** Wakes the owner whenever there are events, and waits until it has read them. */
export default function watch({ words, inotify }: WatchTask): void {
  Atomics.store(words, BEGUN, 1);
  // Once it is over the descriptor may be somebody else's.
  if (Atomics.compareExchange(words, STATE, STARTING, WAITING) !== STARTING) return;
  do {
    waitForEvents(inotify);
    if (Atomics.compareExchange(words, STATE, WAITING, READY) !== WAITING) return;
    Atomics.notify(words, STATE);
    Atomics.wait(words, STATE, READY);
  } while (Atomics.load(words, STATE) === WAITING);
}
