import { closeFd, hollowOut, pathOf } from '../linux/open.ts';
import { trySetLock } from '../linux/record-lock.ts';
import type { WantedLock } from '../lock/give-up.ts';
import { Lock, type LockCarrier, type LockKeeper } from '../lock/lock.ts';
import { cannotWithLock, endedError, LockError, quote } from '../lock/lock-error.ts';
import type { LockKind, LockMode, LockRange, WaitOptions } from '../lock/lock-options.ts';
import type { Link } from './link.ts';
import type { Grant, News, Request } from './protocol.ts';
import type { Ending } from './remote-wait.ts';

/** What a lock needs of the client that has it. */
export interface LockClient {
  readonly link: Link;
  /** Asks for something that may have to wait. */
  wait<T>(op: Request, want: WantedLock, options: WaitOptions, ending: Ending<T>): Promise<T>;
}

/** Ends the locks that a program has dropped. */
const dropped = new FinalizationRegistry<{ keeper: RemoteKeeper; path: string }>(
  ({ keeper, path }) => {
    process.emitWarning(`The lock on ${quote(path)} was dropped without being released`, {
      type: 'LockWarning',
      code: 'LOCK_DROPPED',
    });
    keeper.end();
  },
);

/** Makes a lock of what the engine has granted to this thread. */
export function toLock(client: LockClient, id: number, grant: Grant): Lock {
  const keeper = new RemoteKeeper(client, id, grant);
  const lock = new Lock(keeper, grant, keeper);
  dropped.register(lock, { keeper, path: lock.path }, keeper);
  return lock;
}

/**
 * Keeps one lock in a thread that has it from another one. What can be done here with the
 * descriptor is done here, so that it has happened when the call returns; the engine's books follow.
 * Only the engine closes the descriptor, because until it has heard of the end it still uses the
 * number.
 */
class RemoteKeeper implements LockCarrier, LockKeeper {
  readonly kind: LockKind;
  readonly fd: number;
  readonly #client: LockClient;
  readonly #id: number;
  readonly #path: string;
  #mode: LockMode;
  /** How many upgrades wait. */
  #upgrading = 0;
  /** The engine has made a lock of the kind `process` exclusive. */
  #upgraded = false;

  constructor(client: LockClient, id: number, { path, mode, kind, fd }: Grant) {
    this.#client = client;
    this.#id = id;
    this.#path = path;
    this.#mode = mode;
    this.kind = kind;
    this.fd = fd;
  }

  trySet(mode: LockMode, { start, length }: LockRange): number {
    if (this.kind === 'ofd') return trySetLock(this.fd, mode, start, length);
    // What belongs to the process is changed in the main thread, as soon as it hears of it.
    if (mode === 'shared' || this.#upgraded) return 0;
    throw new LockError(
      `${cannotWithLock('upgrade', this.#path)}: it is process-associated, and only the main ` +
        'thread can tell at once, so use upgrade()',
      { code: 'ERR_LOCK_UNSUPPORTED', path: this.#path },
    );
  }

  modeChanged({ mode }: Lock): void {
    this.#upgraded = false;
    this.#mode = mode;
    this.#tell('changed');
  }

  async upgrade(lock: Lock, { timeout = Infinity, signal, onWait }: WaitOptions): Promise<void> {
    if (this.kind === 'ofd' && lock.tryUpgrade()) return;
    const end = performance.now() + timeout;
    let options: WaitOptions = { timeout, signal, onWait };
    this.#upgrading++;
    try {
      do {
        const op = { do: 'upgrade', id: this.#client.link.newId(), lock: this.#id } as const;
        const want = { path: lock.path, mode: 'exclusive' } as const;
        await this.#client.wait(op, want, options, {
          granted: () => void (this.#upgraded = this.kind === 'process'),
          refused: () => this.#undo(lock),
        });
        if (lock.released) throw endedError('upgrade', lock.path, 'released');
        // Before the news came, it may have been downgraded here: what is left is waited for again.
        options = { timeout: Math.max(0, end - performance.now()), signal };
      } while (!lock.tryUpgrade());
    } finally {
      this.#upgrading--;
    }
  }

  release(): void {
    dropped.unregister(this);
    this.end();
  }

  detach(): void {
    dropped.unregister(this);
    this.#tell('detached');
    // Should this thread end now, its locks are released, and this one is no longer its own.
    this.#client.link.flush();
  }

  /** Releases the lock. */
  end(): void {
    const { nothing } = this.#client.link;
    // A thread that waits in the kernel keeps an upgrade's open file alive; the engine recalls it.
    const here = this.kind === 'ofd' && this.#upgrading === 0 && nothing !== undefined &&
      hollowOut(this.fd, nothing) !== -1;
    this.#tell('released', () => {
      // The engine's thread has ended. It may have closed the descriptor with its last breath, and
      // then the number is another file's by now.
      if (nothing === undefined || (here && pathOf(this.fd) === '/')) closeFd(this.fd);
    });
  }

  #undo(lock: Lock): void {
    this.#upgraded = this.kind === 'process';
    if (!lock.released && lock.tryUpgrade()) lock.downgrade();
  }

  #tell(what: News['do'], lost = (): void => {}): void {
    const op = what === 'released' && this.#mode === 'exclusive'
      ? this.#id
      : { do: what, lock: this.#id, mode: this.#mode };
    this.#client.link.send({ op, answered() {}, lost });
  }
}
