import { EAGAIN, EINTR } from '../linux/errno.ts';
import { identify, identity } from '../linux/identity.ts';
import { closeFd, isWritable } from '../linux/open.ts';
import { isLockedByOthers, type RecordLock, trySetLock } from '../linux/record-lock.ts';
import { type Claim, common, conflict, without } from './claim.ts';
import type { LockRange } from './lock-options.ts';

/** Who has a part of the process's locks on a file: as if it were an open file description. */
type Member = object;

/** A thread's wait in the kernel, for a member. */
interface Awaited {
  readonly member: Member;
  readonly claim: Claim;
  /** Has the thread leave the kernel, and returns when it has; `false` if it does not. */
  readonly recall: () => boolean;
}

const files = new Map<string, ProcessFile>();

/**
 * A file on which this process has process-associated locks, and whose they are.
 *
 * The kernel counts such locks to the process as a whole (fcntl(2), "Advisory record locking"): they
 * never conflict with each other, a new one replaces what the process has of these bytes, and all of
 * them end when any descriptor of the file is closed. So what the kernel does for open file
 * descriptions is done here, for all engines of the process: members conflict with each other, the
 * kernel is asked for what they have together, and no descriptor is closed while anybody is left.
 */
export class ProcessFile {
  readonly #key: string;
  /** All that have been opened, to be closed together. */
  readonly #fds = new Set<number>();
  /** The one to set locks by, which may be written to if any may. */
  #fd = -1;
  #writable = false;
  readonly #members = new Set<Member>();
  readonly #held = new Map<Member, Claim>();
  /** What threads may be granted at any moment. */
  readonly #awaited = new Map<object, Awaited>();

  private constructor(key: string) {
    this.#key = key;
  }

  /** Whether there is no such file. */
  static get none(): boolean {
    return files.size === 0;
  }

  /** The file of this device and inode, as `identity()` has them, if it is one of these. */
  static find(key: string): ProcessFile | undefined {
    return files.get(key);
  }

  /** Whether anybody in this process holds a lock on it. */
  get isHeld(): boolean {
    return this.#held.size > 0;
  }

  /** The file of an open descriptor, which belongs to it from now on; `undefined` if that fails. */
  static withFd(fd: number): ProcessFile | undefined {
    const key = identityOf(fd);
    if (key === undefined) return undefined;
    let file = files.get(key);
    if (file === undefined) files.set(key, file = new ProcessFile(key));
    file.#fds.add(fd);
    if (!file.#writable) file.#choose();
    return file;
  }

  /**
   * Keeps a descriptor open that is to be closed, if that would end locks of this process; tells
   * whether it does. An open-file-description lock on it ends.
   */
  static keep(fd: number): boolean {
    if (files.size === 0) return false;
    const file = files.get(identityOf(fd) ?? '');
    if (file === undefined) return false;
    file.#fds.add(fd);
    trySetLock(fd, 'none', 0, 0);
    return true;
  }

  /** The descriptor that carries the locks. */
  get fd(): number {
    return this.#fd;
  }

  /** Whether exclusive locks can be set. */
  get writable(): boolean {
    return this.#writable;
  }

  /** Notes somebody who is going to have locks. */
  join(member: Member): void {
    this.#members.add(member);
  }

  /**
   * Ends what a member has. With the last one all descriptors are closed but `kept`, which is the
   * caller's again.
   */
  leave(member: Member, kept?: number): void {
    this.#members.delete(member);
    const { range } = this.#held.get(member) ?? {};
    this.#held.delete(member);
    if (kept !== undefined && this.#fds.delete(kept)) this.#choose();
    if (this.#members.size > 0) return void (range && this.#settle(range));
    files.delete(this.#key);
    for (const fd of this.#fds) closeFd(fd);
  }

  /** Sets a member's lock if nobody is in the way; gives 0 or `errno`, as `trySetLock()` does. */
  trySet(member: Member, lock: RecordLock, range: LockRange): number {
    if (lock === 'none') {
      this.#held.delete(member);
      this.#settle(range);
      return 0;
    }
    const claim = { mode: lock, range };
    if (this.isTaken(member, claim) || !this.#recall(member, claim)) return EAGAIN;
    const errno = this.#set(lock, range);
    if (errno === 0) this.#held.set(member, claim);
    return errno;
  }

  /** Tells whether somebody of this process is in the way, so that the kernel cannot be asked. */
  isTaken(member: Member, claim: Claim): boolean {
    for (const [other, held] of this.#held) {
      if (other !== member && conflict(held, claim)) return true;
    }
    return false;
  }

  /**
   * Has threads leave the kernel that must not be granted what they wait for when the member has its
   * claim: a shared lock would replace an exclusive one, and an exclusive one would be more than
   * anybody has, and keep others out. Gives `false` if the claim is not to be had.
   */
  #recall(member: Member, claim: Claim): boolean {
    const inTheWay = [...this.#awaited.values()].filter((awaited) =>
      awaited.member !== member && conflict(awaited.claim, claim)
    );
    if (inTheWay.length === 0) return true;
    const { mode, range: { start, length } } = claim;
    // Nobody is disturbed for nothing.
    if (isLockedByOthers(this.#fd, mode, start, length)) return false;
    return inTheWay.every(({ recall }) => recall()) && !this.isTaken(member, claim);
  }

  /** Notes that a thread waits in the kernel, by a key of the caller's. */
  await(wait: object, awaited: Awaited): void {
    this.#awaited.set(wait, awaited);
  }

  /**
   * Notes that the thread is back, with 0 or `errno`; gives what has come of it for the member. The
   * kernel's word is not enough: since then others may have been let in that were not in the way of
   * the process, or may have left, and taken back what it was granted.
   */
  back(wait: object, errno: number): number {
    const awaited = this.#awaited.get(wait);
    this.#awaited.delete(wait);
    // Without members there is no descriptor any more.
    if (awaited === undefined || this.#members.size === 0) return errno;
    const { member, claim } = awaited;
    const result = errno === 0 && this.#members.has(member)
      ? this.trySet(member, claim.mode, claim.range)
      : errno || EINTR;
    if (result !== 0) this.#settle(claim.range);
    return result;
  }

  /**
   * Has the kernel's locks on these bytes be what the members have, and not more. That needs no grant;
   * should the kernel lack the memory, more stays locked until the last member leaves.
   */
  #settle(range: LockRange): void {
    let free = [range];
    for (const { mode, range: held } of this.#held.values()) {
      const part = common(held, range);
      if (part === undefined) continue;
      this.#set(mode, part);
      free = free.flatMap((rest) => without(rest, part));
    }
    for (const rest of free) this.#set('none', rest);
  }

  #choose(): void {
    const [first = -1, ...others] = this.#fds;
    this.#fd = [first, ...others].find(isWritable) ?? first;
    this.#writable = isWritable(this.#fd);
  }

  #set(lock: RecordLock, { start, length }: LockRange): number {
    return trySetLock(this.#fd, lock, start, length, 'process');
  }
}

/** Forgets what `identify()` has read before: whoever needs that does so before a lock call or a close. */
function identityOf(fd: number): string | undefined {
  return identify(fd) === 0 ? identity() : undefined;
}
