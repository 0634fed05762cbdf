/**
 * Where a wait can be when it is given up:
 *
 * - `queued` in the line of its file, behind a lock of its own engine;
 * - `head` of a line in which others wait behind it, while somebody else holds the file;
 * - `starting`, given to a thread that is not in the kernel yet;
 * - `blocked`, with its thread in the kernel;
 * - `woken`, with a thread, after the holder has let go and before the lock has been set;
 * - `granting`, with a thread that has the lock, of which the engine has not heard;
 * - `parked` with the watch;
 * - `freed`, parked, after the holder has let go.
 */
export const places = [
  ...['queued', 'head', 'starting', 'blocked', 'woken', 'granting', 'parked', 'freed'] as const,
];
export type Place = typeof places[number];

/** What ended a wait. */
export const reasons = ['signal', 'timeout', 'release', 'close'] as const;
export type Reason = typeof reasons[number];

/** What is waited for. */
export type Wanted = 'lock' | 'upgrade';

const ROWS: readonly `${Wanted} ${Reason}`[] = [
  ...['lock signal', 'lock timeout', 'lock close'] as const,
  ...['upgrade signal', 'upgrade timeout', 'upgrade release', 'upgrade close'] as const,
];
/** Whether the moment comes is the scheduler's choice; it is a few microseconds long. */
const LUCK: Place = 'woken';

/** Counts the waits that were given up, by what was waited for, why it ended and where it was. */
export class Tally {
  /** All that were given up. */
  total = 0;
  /** Grants that came before the abort was heard. */
  late = 0;
  readonly #counts = new Map<string, number>();

  add(wanted: Wanted, reason: Reason, place: Place): void {
    const key = `${wanted} ${reason} ${place}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    this.total++;
  }

  /** Every place and every reason that was never met, in words. */
  missing(): string[] {
    const locks = places.filter((place) => place !== LUCK)
      .filter((place) => this.#count('lock signal', place) === 0)
      .map((place) => `no wait for a lock was aborted when ${place}`);
    const upgrades = (['queued', 'blocked', 'parked', 'granting'] as const)
      .filter((place) => this.#count('upgrade signal', place) === 0)
      .map((place) => `no upgrade was aborted when ${place}`);
    const rows = ROWS.filter((row) => places.every((place) => this.#count(row, place) === 0))
      .map((row) => `no ${row.replace(' ', ' was given up by ')}`);
    return [...locks, ...upgrades, ...rows];
  }

  /** The counts, a line a row. */
  lines(): string[] {
    const line = (head: string, cells: readonly (string | number)[]): string =>
      head.padEnd(16) + cells.map((cell) => String(cell).padStart(9)).join('');
    return [
      line('', places),
      ...ROWS.map((row) => line(row, places.map((place) => this.#count(row, place)))),
    ];
  }

  #count(row: typeof ROWS[number], place: Place): number {
    return this.#counts.get(`${row} ${place}`) ?? 0;
  }
}
