import { LockError, type LockErrorDetails } from '../lock/lock-error.ts';
import { FileChanged } from '../lock/open-file.ts';
import { printable } from '../lock/printable.ts';

/**
 * An error as plain data, which is the same on both sides. comlink would keep the name, the message
 * and the stack of an error that is thrown, and of one within a longer answer nothing is certain.
 */
export interface Failure {
  readonly type: keyof typeof types;
  readonly message: string;
  readonly details: LockErrorDetails;
}

const types = {
  LockError,
  FileChanged: FileChanged as ErrorType,
  TypeError: TypeError as ErrorType,
  RangeError: RangeError as ErrorType,
  Error: Error as ErrorType,
};

type ErrorType = new (message: string) => Error;

/** Takes an error apart. */
export function toFailure(error: unknown): Failure {
  const { message, code, errno, syscall, path, cause } = error as LockError;
  const found = Object.entries(types).find(([, Type]) => error instanceof Type);
  const type = (found?.[0] ?? 'Error') as Failure['type'];
  return {
    type,
    message: found === undefined ? String(error) : message,
    details: {
      code,
      ...(errno !== undefined && { errno }),
      ...(syscall !== undefined && { syscall }),
      ...(path !== undefined && { path }),
      ...(cause !== undefined && { cause: String(cause) }),
    },
  };
}

/** Puts it together again. */
export function toError({ type, message, details }: Failure): Error {
  if (type === 'LockError') return new LockError(message, details);
  return Object.assign(new types[type](printable(message)), details);
}
