/** A way to wait for a lock on a file that is always the same; gives what releases it. */
export type TakeIt = () => Promise<() => void>;

/** Readers at work. */
export interface Readers {
  /** Has each of them stop when it has released its lock. */
  stop(): Promise<void>;
}

/** Lets so many readers loose, who hold the lock for a turn of the event loop, over and over. */
export function startReaders(readers: number, take: TakeIt): Readers {
  let over = false;
  const read = async (): Promise<void> => {
    while (!over) {
      const release = await take();
      await turn();
      release();
    }
  };
  const all = Array.from({ length: readers }, read);
  return {
    stop: async () => {
      over = true;
      await Promise.all(all);
    },
  };
}

/** Lets the event loop go round once. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
