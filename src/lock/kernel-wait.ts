import type { Description } from './description.ts';
import type { GiveUp } from './give-up.ts';
import type { LockRequest } from './lock-options.ts';

/**
 * A wait for the kernel to set a lock on an open file, and who is told how it ended.
 *
 * Callbacks and not promises, because between the grant and the caller's next line every function
 * that is resumed runs cold, and several of them took as long as waking the thread.
 */
export interface KernelWait {
  /** Must stay open until `left` is called. */
  readonly description: Description;
  readonly want: LockRequest;
  readonly giveUp: GiveUp;
  /**
   * The wait is over, with 0 or an `errno`; after a give-up either, because a grant may have come at
   * the same moment. `atPath` tells that since the grant the path has been seen to lead to the file;
   * if it is `false`, nobody may have looked.
   */
  left(errno: number, atPath: boolean): void;
  /**
   * The thread of a wait that was over before is back from the kernel, with 0 or an `errno`. The
   * descriptor is still open.
   */
  late?(errno: number): void;
}
