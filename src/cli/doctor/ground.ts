import { randomUUID } from 'node:crypto';
import { closeSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from './finding.ts';
import type { Locker } from './locker.ts';
import { type StartedLocker, startLocker } from './start-locker.ts';

/** Where to look. */
export interface Place {
  /** The directory in which locks are tried; absolute, without symbolic links. */
  readonly directory: string;
  /** The file in it that was named, if it was not the directory itself. */
  readonly file?: string;
}

/** Two processes, and a file of their own. */
export interface Scene {
  readonly one: Locker;
  readonly other: Locker;
  readonly file: string;
}

/** What all checks share, and what is left of them; ended by {@linkcode Ground.end}. */
export class Ground {
  /** Where to look. */
  readonly place: Place;
  /** Aborts when the doctor is to stop. */
  readonly signal: AbortSignal;
  readonly #files = new Set<string>();
  #lockers: StartedLocker[] = [];

  constructor(place: Place, signal: AbortSignal) {
    this.place = place;
    this.signal = signal;
  }

  /** Makes a file for one check, so that what goes wrong there does not spoil the next one. */
  newFile(): string {
    const path = join(this.place.directory, `.reflock-doctor-${randomUUID().slice(0, 6)}`);
    closeSync(openSync(path, 'wx', 0o600));
    this.#files.add(path);
    return path;
  }

  /** Has two processes play a scene. They play the next one too, if nothing went wrong in this. */
  async play(scene: (scene: Scene) => Promise<Finding>): Promise<Finding> {
    this.#lockers = this.#lockers.filter(({ hasEnded }) => !hasEnded);
    while (this.#lockers.length < 2) this.#lockers.push(startLocker(this.signal));
    const [one, other] = this.#lockers as [StartedLocker, StartedLocker];
    let finding: Finding | undefined;
    try {
      finding = await scene({ one, other, file: this.newFile() });
      return finding;
    } finally {
      if (finding?.state !== 'ok') await this.#endLockers();
      for (const locker of this.#lockers) if (!locker.hasEnded) await locker.release();
    }
  }

  /** Ends the processes and removes the files. */
  async end(): Promise<void> {
    await this.#endLockers();
    for (const path of this.#files) rmSync(path, { force: true });
  }

  async #endLockers(): Promise<void> {
    const lockers = this.#lockers;
    this.#lockers = [];
    // What cannot be killed has been told already, by the check that met it.
    await Promise.allSettled(lockers.map((locker) => locker.kill()));
  }
}
