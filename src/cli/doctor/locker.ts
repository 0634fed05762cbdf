/** A process that locks files when it is told to. */
export interface Locker {
  readonly pid: number;
  /** Tries to take a lock on a file, and gives whether it was granted. */
  try(file: string, mode: 'shared' | 'exclusive'): Promise<boolean>;
  /** Lets go of all that it has locked. */
  release(): Promise<void>;
  /** Starts a child that inherits the lock, and lets go of it. */
  bequeath(): Promise<void>;
  /** Ends that child. */
  endHeir(): Promise<void>;
  /** Ends it by SIGKILL; resolves when it has gone. */
  kill(): Promise<void>;
}

/** What a {@linkcode Locker} is told, a line of JSON each. */
export type Order =
  | { readonly do: 'try'; readonly file: string; readonly mode: 'shared' | 'exclusive' }
  | { readonly do: 'release' | 'bequeath' | 'end heir' };

/** What it says to that, a line of JSON each. */
export interface Answer {
  /** After a try. */
  readonly granted?: boolean;
  /** What went wrong. */
  readonly error?: string;
}
