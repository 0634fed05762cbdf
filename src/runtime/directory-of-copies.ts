import { EEXIST } from '../linux/errno.ts';
import { fileCalls } from '../linux/file-calls.ts';
import { nameText } from '../linux/listing.ts';
import { LockError, systemError } from '../lock/lock-error.ts';
import { quote } from '../lock/printable.ts';
import { followExisting } from './follow-path.ts';
import { Place } from './place.ts';

/**
 * Opens the directory in which copies of a runtime are to be made. It is made if it is missing, with
 * those above it that are, for its owner alone.
 *
 * @throws {LockError} `EINVAL` when it lies in the runtime: a copy would never be complete.
 */
export function openCopies(source: Place, parent: string): Place {
  const action = `Cannot copy ${quote(source.path)} into ${quote(parent)}`;
  const { fd, missing } = followExisting(parent, action);
  let place = new Place(parent, fd);
  try {
    if (isWithin(place, source)) {
      throw new LockError(`${action}: it lies in what is to be copied`, {
        code: 'EINVAL',
        path: parent,
      });
    }
    for (const name of missing) {
      const next = makeDirectory(place, name, action);
      place.close();
      place = next;
    }
    return place.readable(parent);
  } finally {
    place.close();
  }
}

/** Whether a directory is another one, or lies in it. */
function isWithin(place: Place, other: Place): boolean {
  let at: Place | undefined = place;
  while (at !== undefined && at.identity !== other.identity) {
    const above: Place | undefined = at.up();
    if (at !== place) at.close();
    at = above;
  }
  if (at !== place) at?.close();
  return at !== undefined;
}

function makeDirectory(place: Place, name: Uint8Array, action: string): Place {
  const calls = fileCalls();
  const made = calls.mkdirat(place.fd, name, 0o700) !== -1;
  // Somebody else may have made it; if that is a link, it is not followed.
  const errno = made ? 0 : calls.errno();
  if (errno !== 0 && errno !== EEXIST) throw systemError(action, place.path, 'mkdir', errno);
  return place.open(nameText(name), name, action);
}
