/** Threads of this process by the kernel's ids, as the `/proc` that is mounted has them. */

import { fileCalls, toName } from './file-calls.ts';
import { nameText } from './listing.ts';
import { AT_FDCWD } from './open.ts';
import { Status } from './status.ts';

/** Gives the id of the calling thread, or 0 where that cannot be told (Linux 3.17). */
export function ownThread(): number {
  const bytes = new Uint8Array(64);
  const name = toName('/proc/thread-self');
  const length = fileCalls().readlinkat(AT_FDCWD, name, bytes, bytes.length);
  // 123/task/456
  return length === -1 ? 0 : Number(nameText(bytes.subarray(0, length)).split('/').pop());
}

/** Whether there is that thread. */
export function isThread(id: number): boolean {
  return id !== 0 && new Status().at(AT_FDCWD, toName(`/proc/self/task/${id}`)) === 0;
}
