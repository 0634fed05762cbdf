import type { RuntimeName } from '../../place.ts';
import type { Comparison, Result } from '../../result.ts';
import { limitOf, times } from '../words.ts';
import { identifier, limitLine, lines, RUNTIMES, runtimesOf } from './table.ts';
import type { Section, Table } from './table.ts';

/** How reflock compares with one of the others in one case on one runtime. */
export interface Match {
  /** The other one: the same of every size. */
  peer: string;
  /** The case, and the size if there are several. */
  at: string;
  runtime: RuntimeName;
  comparison: Comparison;
}

/** Every comparison of times with somebody else. */
export function matches(results: readonly Result[]): Match[] {
  return results.filter(({ unit }) => unit === 'nanoseconds').flatMap((result) =>
    result.comparisons.filter(({ peer }) => !peer.startsWith('reflock')).map((comparison) => {
      const { peer: name } = comparison;
      const contender = result.contenders.find((one) => one.name === name);
      const series = contender !== undefined && 'at' in contender && contender.at?.series;
      const peer = series || name;
      const size = name.startsWith(peer) ? name.slice(peer.length) : '';
      return { peer, at: `${result.case}${size}`, runtime: result.runtime, comparison };
    })
  );
}

/** Each of the others: how reflock's time compares with its time, in every case that has both. */
export function peersSection(results: readonly Result[]): Section {
  const all = matches(results);
  const runtimes = runtimesOf(results);
  return {
    id: 'peers',
    title: 'Against every peer',
    about: 'Time of reflock by time of the other one, compared round by round: below 1 reflock ' +
      'is faster.',
    tables: [...new Set(all.map(({ peer }) => peer))].map((peer) =>
      peerTable(peer, all.filter((one) => one.peer === peer), runtimes)
    ),
  };
}

function peerTable(
  peer: string,
  ofPeer: readonly Match[],
  runtimes: readonly RuntimeName[],
): Table {
  return {
    id: identifier('peer', peer),
    title: peer,
    head: ['', ...runtimes.map((runtime) => RUNTIMES[runtime])],
    rows: [...new Set(ofPeer.map(({ at }) => at))].map((at) => ({
      name: at,
      cells: runtimes.map((runtime) => {
        const match = ofPeer.find((one) => one.at === at && one.runtime === runtime);
        if (match === undefined) return [];
        // An allowance limits the difference, which is not told here.
        const { allowance } = match.comparison;
        const limit = allowance === undefined
          ? limitOf(match.comparison, 'nanoseconds')
          : undefined;
        return [...lines(times(match.comparison)), ...limitLine(limit)];
      }),
    })),
    narrow: 'stack',
  };
}
