import { History } from './history.ts';
import { type StampedLock, StampedLocks } from './judge-locks.ts';
import { StampedWaits } from './judge-waits.ts';
import { Tally } from './tally.ts';

/** Reads the records in their order, and finds what cannot be if all locks are kept. */
export class Judge {
  /** What the records prove. */
  readonly violations: string[] = [];
  readonly tally = new Tally();
  readonly history = new History();
  readonly #locks = new StampedLocks((file) => this.#waits.stir(file));
  readonly #waits = new StampedWaits();
  /** Killed, or gone with all they had: what they write between that record and their end, is void. */
  readonly #gone = new Set<string>();
  readonly #stopped = new Set<string>();
  #stops = false;

  /** Reads one record. */
  read(record: string): void {
    const words = record.trimEnd().split(' ');
    const [verb, subject = ''] = words as [string, string?];
    const who = subject.split(':', 1)[0]!;
    if (verb === 'T') return this.#tick(Number(subject));
    this.history.add(who, record);
    if (this.#gone.has(who)) return;
    switch (verb) {
      case 'B':
        return this.#begin(who, words);
      case 'U':
        return this.#upgraded(subject);
      case 'D':
        return this.#downgraded(subject);
      case 'S':
        return this.#inherited(subject, words[2]!);
      case 'R':
        return this.tally.add('files', words[2]!);
      case 'E':
        return this.#leave(subject, who);
      case 'J':
        return this.tally.add('children', 'there');
      case 'G':
        this.tally.add('children', 'ended');
        return this.#leave(words[2]!, who);
      case 'W':
        this.tally.add('waits', 'begun');
        return this.#waits.begin(subject, Number(words[2]), words[6]);
      case 'w':
        this.tally.add('waits', words[2]!);
        return void this.#waits.end(subject);
      case 'K':
        this.tally.add('kills', kindOf(who));
        return this.#end(who);
      case 'Q':
        this.tally.add('exits', kindOf(who));
        return this.#end(who);
      case 'X':
        this.tally.add('ends', kindOf(who));
        if (this.#locks.has(who) || this.#waits.has(who)) {
          this.violations.push(`left: ${who} has ended before its locks and waits`);
        }
        return this.#end(who);
      case 'Z':
        this.tally.add('stops', kindOf(who));
        this.#stops = true;
        return void this.#stopped.add(who);
      case 'z':
        return void this.#stopped.delete(who);
      default:
        this.violations.push(`no record: ${record}`);
    }
  }

  /** What is left when everybody has gone. */
  finish(): void {
    for (const { key } of this.#locks.all) this.violations.push(`the lock ${key} has never ended`);
    if (this.#waits.size > 0) this.violations.push(`${this.#waits.size} waits have never ended`);
  }

  #begin(who: string, words: string[]): void {
    const [, key, how, file, inode, mode, start, length] = words as [
      ...[string, string, string, string, string, string, string, string],
    ];
    const lock: StampedLock = {
      key,
      file: Number(file),
      inode,
      exclusive: mode === 'x',
      start: Number(start),
      end: length === '0' ? Infinity : Number(start) + Number(length),
      holders: new Set([who]),
    };
    this.tally.grant(kindOf(who), how, lock.start > 0 || lock.end < Infinity);
    this.#locks.add(lock);
    this.#compare(lock);
  }

  #compare(lock: StampedLock): void {
    for (const other of this.#locks.against(lock)) {
      this.violations.push(
        `overlap on inode ${lock.inode} of file ${lock.file}: ${tell(lock)} and ${tell(other)}`,
      );
    }
  }

  #upgraded(key: string): void {
    const lock = this.#locks.get(key);
    if (lock === undefined) return void this.violations.push(`no lock to upgrade: ${key}`);
    this.tally.add('modes', 'upgraded');
    lock.exclusive = true;
    this.#compare(lock);
  }

  #downgraded(key: string): void {
    const lock = this.#locks.get(key);
    if (lock === undefined) return void this.violations.push(`no lock to downgrade: ${key}`);
    this.tally.add('modes', 'downgraded');
    lock.exclusive = false;
    this.#waits.stir(lock.file);
  }

  #inherited(key: string, child: string): void {
    const lock = this.#locks.get(key);
    if (lock === undefined) return void this.violations.push(`no lock to inherit: ${key}`);
    this.tally.add('children', 'inherited a lock');
    this.#locks.join(lock, child);
  }

  #leave(key: string, who: string): void {
    const lock = this.#locks.get(key);
    // A child of a parent that was killed before it could say so is known to nobody.
    if (lock !== undefined) this.#locks.leave(lock, who);
  }

  #end(who: string): void {
    this.#gone.add(who);
    this.#stopped.delete(who);
    this.#locks.leaveAll(who);
    this.#waits.endAll(who);
    this.history.end(who);
  }

  #tick(now: number): void {
    const asleep = this.#waits.tick(now, {
      isHeld: (file, own) => {
        const ours = own !== undefined && this.#locks.get(own) !== undefined ? 1 : 0;
        return this.#locks.on(file) > ours;
      },
      stopped: this.#stops,
    });
    this.#stops = this.#stopped.size > 0;
    for (const { key, file } of asleep) {
      this.violations.push(`asleep: ${key} waits for file ${file}, which nobody says to have`);
    }
    this.history.tick(now);
  }
}

function tell({ key, exclusive, start, end, holders }: StampedLock): string {
  const mode = exclusive ? 'exclusive' : 'shared';
  return `${key} ${mode} from ${start} to ${end}, held by ${[...holders].join(' and ')}`;
}

const KINDS: Record<string, string> = { n: 'node', d: 'deno', b: 'bun', p: 'posix', w: 'bwrap' };

/** What kind of process it is: children of a runtime's process are one of their own. */
export function kindOf(who: string): string {
  return who.includes('/') ? 'child' : KINDS[who[0]!] ?? who;
}
