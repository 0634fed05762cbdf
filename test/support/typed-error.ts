import { constants } from 'node:os';
import * as assert from 'uvu/assert';
import { LockError } from '../../src/mod.ts';

/** Gives what a function throws. */
export function thrown(body: () => unknown): unknown {
  try {
    body();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

/** Sees to it that an error tells all that there is to know about a failed call, in one line. */
export function assertTyped(error: unknown, code: string, syscall: string, path: string): void {
  assert.ok(error instanceof LockError, String(error));
  const { code: given, errno, syscall: call, path: file, message } = error as LockError;
  const number = constants.errno[code as keyof typeof constants.errno];
  assert.equal({ code: given, errno, syscall: call, path: file }, {
    code,
    errno: -number,
    syscall,
    path,
  }, message);
  assert.match(message, new RegExp(`^Cannot .+: .+ \\(${code} from ${syscall}\\).*$`));
}
