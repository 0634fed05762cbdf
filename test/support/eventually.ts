/**
 * Waits until a condition holds that no event announces, such as a line in `/proc/locks`. Fails
 * with `what` when it does not within `limit` milliseconds.
 */
export async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
  limit = 10_000,
): Promise<void> {
  const deadline = performance.now() + limit;
  while (!await condition()) {
    if (performance.now() > deadline) throw new Error(`not within ${limit} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Gives what the promise gives, or fails with `what` when it takes longer than `limit` ms. */
export function within<T>(limit: number, what: string, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not within ${limit} ms: ${what}`)), limit);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** Waits without letting the event loop run. */
export function eventuallyWithoutEvents(condition: () => boolean): void {
  const deadline = performance.now() + 5000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error('not within 5000 ms, without events');
  }
}
