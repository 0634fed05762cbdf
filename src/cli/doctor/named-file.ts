import { closeSync, constants, openSync, statSync } from 'node:fs';
import { failure, type Finding, ok, warning } from './finding.ts';

/** As lock files are opened: never a controlling terminal, never a wait for a FIFO's far end. */
const FLAGS = constants.O_NOCTTY | constants.O_NONBLOCK;

/** Whether a file can be opened for a lock. None is taken: that could be in somebody's way. */
export function checkFile(path: string): Finding {
  if (!statSync(path).isFile()) {
    return failure('it is no regular file', 'locks need a regular file: name another one');
  }
  if (opens(path, constants.O_RDWR)) return ok('can be opened for shared and exclusive locks');
  if (opens(path, constants.O_RDONLY)) {
    return warning(
      'can be opened for shared locks only',
      'an exclusive lock, as for deleting, needs the permission to write to the file',
    );
  }
  return failure('cannot be opened', 'a lock needs the permission to read the file');
}

function opens(path: string, access: number): boolean {
  try {
    closeSync(openSync(path, access | FLAGS));
    return true;
  } catch {
    return false;
  }
}
