import { libc } from '../linux/libc.ts';
import { closeFd, duplicate, hollowOut, pathOf } from '../linux/open.ts';
import { trySetLock } from '../linux/record-lock.ts';
import type { WantedLock } from '../lock/give-up.ts';
import { type Lock, type LockCarrier, type LockKeeper, newLock, noteMode } from '../lock/lock.ts';
import { cannotWithLock, endedError, LockError, systemError } from '../lock/lock-error.ts';
import type { LockKind, LockMode, LockRange, WaitOptions } from '../lock/lock-options.ts';
import { quote } from '../lock/printable.ts';
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
  const lock = newLock(keeper, grant, keeper);
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
  /** How often the mode has changed. */
  #changes = 0;

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
    if (mode === 'shared') return 0;
    throw new LockError(
      `${cannotWithLock('upgrade', this.#path)}: it is process-associated, and only the main ` +
        'thread can tell at once, so use upgrade()',
      { code: 'ERR_LOCK_UNSUPPORTED', path: this.#path },
    );
  }

  modeChanged({ mode }: Lock): void {
    this.#changes++;
    this.#mode = mode;
    this.#tell('changed');
  }

  async upgrade(lock: Lock, { timeout = Infinity, signal, onWait }: WaitOptions): Promise<void> {
    if (this.kind === 'ofd' && lock.tryUpgrade()) return;
    const end = performance.now() + timeout;
    let options: WaitOptions = { timeout, signal, onWait };
    this.#upgrading++;
    try {
      for (;;) {
        if (lock.released) throw endedError('upgrade', lock.path, 'released');
        const op = { do: 'upgrade', id: this.#client.link.newId(), lock: this.#id } as const;
        const want = { path: lock.path, mode: 'exclusive' } as const;
        const changes = this.#changes;
        await this.#client.wait(op, want, options, {
          granted: () => undefined,
          refused: () => this.#undo(lock),
        });
        if (this.#hasBeenUpgraded(lock, changes)) return;
        // Before the news came, it was downgraded here: what is left of the time is waited again.
        options = { timeout: Math.max(0, end - performance.now()), signal };
      }
    } catch (error) {
      // The engine may have found the descriptor hollow before it heard why.
      const hollow = lock.released && error instanceof LockError && error.code === 'EBADF';
      throw hollow ? endedError('upgrade', lock.path, 'released') : error;
    } finally {
      this.#upgrading--;
    }
  }

  release(): void {
    dropped.unregister(this);
    this.end();
  }

  detach(): number {
    // The number stays the engine's, which may use it until it has heard of this.
    const fd = duplicate(this.fd);
    if (fd === -1) {
      const action = cannotWithLock('detach', this.#path);
      throw systemError(action, this.#path, 'fcntl', libc().errno());
    }
    dropped.unregister(this);
    // A grant that is on its way has to be taken back, by the number.
    this.#end('detached', this.#upgrading === 0);
    return fd;
  }

  /** Releases the lock. */
  end(): void {
    this.#end('released', true);
  }

  #end(how: 'released' | 'detached', empty: boolean): void {
    const { nothing } = this.#client.link;
    const hollow = this.kind === 'ofd' && empty && nothing !== undefined &&
      hollowOut(this.fd, nothing) !== -1;
    const left = hollow ? '/' : pathOf(this.fd);
    this.#tell(how, () => {
      // The engine's thread has ended. It may have closed the descriptor with its last breath, and
      // then the number is another file's by now.
      if (pathOf(this.fd) === left) closeFd(this.fd);
    });
  }

  #hasBeenUpgraded(lock: Lock, changes: number): boolean {
    if (this.kind === 'ofd') return lock.tryUpgrade();
    if (changes === this.#changes) noteMode(lock, 'exclusive');
    return lock.mode === 'exclusive';
  }

  /** Takes back an upgrade that was granted after it had been given up. */
  #undo(lock: Lock): void {
    if (lock.released) return;
    this.trySet(this.#mode, lock.range);
    this.#tell('changed');
  }

  #tell(what: News['do'], lost = (): void => {}): void {
    const op = what === 'released' && this.#mode === 'exclusive'
      ? this.#id
      : { do: what, lock: this.#id, mode: this.#mode };
    this.#client.link.send({ op, answered() {}, lost });
  }
}
