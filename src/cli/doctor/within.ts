/** How long anything may take, in milliseconds. */
const LIMIT = 5000;

/**
 * Gives what the promise gives, unless it takes too long, or `signal` aborts: the error is then
 * `signal.reason`.
 */
export async function within<T>(
  what: string,
  promise: Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  return await new Promise<T>((resolve, reject) => {
    const timer = setTimeout(
      () => end(() => reject(new Error(`${what} took longer than ${LIMIT / 1000} s`))),
      LIMIT,
    );
    const abort = (): void => end(() => reject(signal!.reason));
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      settle();
    };
    signal?.addEventListener('abort', abort);
    if (signal?.aborted) abort();
    // In any case: what rejects later, when nobody waits any more, must not end the program.
    promise.then((value) => end(() => resolve(value)), (error) => end(() => reject(error)));
  });
}
