import { constants } from 'node:os';
import { check } from './call-failed.ts';

const { EPERM, EINVAL } = constants.errno;
/** "Leave it as it is" for chown(2). */
const AS_IT_IS = 0xffff_ffff;

/** What a copy has of the original's owner and group. */
export type KeptOwners = 'both' | 'group' | 'group-lost';

/**
 * Gives a copy the owner and the group of the original, or where that is refused the group alone:
 * everybody may give files to a group of their own. `chown` makes the call, of that name.
 */
export function keepOwners(
  chown: (uid: number, gid: number) => number,
  call: string,
  { uid, gid }: { readonly uid: number; readonly gid: number },
): KeptOwners {
  if (check(chown(uid, gid), call, EPERM, EINVAL) !== -1) return 'both';
  return check(chown(AS_IT_IS, gid), call, EPERM, EINVAL) === -1 ? 'group-lost' : 'group';
}
