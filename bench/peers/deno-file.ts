/** What is measured of Deno's files, which no other runtime has. */
export interface DenoFile {
  /** Waits for a lock of `flock(2)`. */
  lock(exclusive: boolean): Promise<void>;
  /** Takes a lock of `flock(2)` if it is free. */
  tryLockSync(exclusive: boolean): boolean;
  statSync(): Identity;
  close(): void;
}

/** What tells one file from another. */
export interface Identity {
  readonly dev: number;
  readonly ino: number | null;
}

/** Deno's own calls for files. */
export interface Deno {
  open(path: string, options: { read: true; write: true }): Promise<DenoFile>;
  openSync(path: string, options: { read: true; write: true }): DenoFile;
  statSync(path: string): Identity;
}

/** Deno, where it runs this. */
export const deno: Deno | undefined = (globalThis as { Deno?: Deno }).Deno;

/** The name of its locks in results. */
export const DENO_FILE = 'Deno.FsFile (flock)';
