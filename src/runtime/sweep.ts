import { setImmediate as nextTurn } from 'node:timers/promises';
import { listInPages } from '../linux/listing.ts';
import { findHolders, holdersText } from '../lock/holders.ts';
import { systemError } from '../lock/lock-error.ts';
import { quote } from '../lock/printable.ts';
import { checkExistence, identitiesOf } from './current-deployments.ts';
import { judge, type Judgement, type Scope } from './garbage-names.ts';
import type { GarbageReport, KeptEntry } from './garbage-report.ts';
import { Mounts } from './mounts.ts';
import type { Place } from './place.ts';
import { type Candidate, sweepEntry } from './sweep-entry.ts';
import type { WorkOptions } from './tree-options.ts';

/** A directory whose lock is held, and what may be collected in it. */
export interface SweptPlace {
  readonly directory: Place;
  readonly scope: Scope;
}

/** How to sweep. */
export interface SweepingOptions extends WorkOptions {
  readonly dryRun?: boolean | undefined;
  readonly currentDeployments?: readonly string[] | undefined;
}

/** An entry that may be collected by its name. */
type Judged = Candidate & { readonly judgement: Exclude<Judgement, 'not-garbage'> };

/** For how long entries may be looked at without a turn of the event loop, in milliseconds. */
const TURN = 1;

/** Looks at one entry after the other, and deletes what may be deleted. */
export async function sweep(
  places: readonly SweptPlace[],
  ancestors: readonly Place[],
  report: GarbageReport,
  options: SweepingOptions,
): Promise<void> {
  const { signal, onProgress, engine, dryRun = false, currentDeployments = [] } = options;
  const breath = new Breath();
  const candidates = await candidatesIn(places, report, breath);
  checkExistence(report.parent, places[0]!.directory, currentDeployments);
  const current = identitiesOf(places[0]!.directory, currentDeployments);
  const mounts = new Mounts();
  const busy: { kept: KeptEntry; identity: string }[] = [];
  // What is kept by its name is done already.
  const others = report.kept.length;
  const total = others + candidates.length;
  for (const [index, { judgement, ...entry }] of candidates.entries()) {
    onProgress?.({ done: others + index, total });
    const { deleted, kept, freed, identity } = await sweepEntry(entry, judgement, {
      engine,
      signal,
      dryRun,
      mounts,
      ancestors,
      current,
    });
    if (deleted !== undefined) report.deleted.push(deleted);
    if (kept !== undefined) report.kept.push(kept);
    if (kept !== undefined && identity !== undefined) busy.push({ kept, identity });
    report.freedBytes += freed.bytes;
    report.freedInodes += freed.inodes;
    await breath.take();
    signal?.throwIfAborted();
  }
  onProgress?.({ done: total, total });
  await nameHolders(busy);
}

/** Finds what may be collected by its name; the rest is kept. */
async function candidatesIn(
  places: readonly SweptPlace[],
  report: GarbageReport,
  breath: Breath,
): Promise<Judged[]> {
  const candidates: Judged[] = [];
  for (const { directory, scope } of places) {
    const { fd, path: parent } = directory;
    for (const listing of listInPages(fd)) {
      if (typeof listing === 'number') {
        throw systemError(`Cannot list ${quote(parent)}`, parent, 'getdents64', listing);
      }
      while (listing.next()) {
        const name = listing.text;
        if (name === '.ref') continue;
        const path = `${parent}/${name}`;
        const judgement = judge(name, scope);
        if (judgement === 'not-garbage') report.kept.push(notGarbage(name, path));
        else {candidates.push({
            parent: directory,
            judgement,
            bytes: listing.nameBytes,
            name,
            path,
          });}
        await breath.take();
      }
    }
  }
  return candidates;
}

function notGarbage(name: string, path: string): KeptEntry {
  const message = 'its name is not one that is collected';
  return { name, path, why: 'not-garbage', message, holders: [] };
}

/** Gives the event loop its turn now and then: a directory may have any number of entries. */
class Breath {
  #turn = performance.now();

  /** Returns at once unless it is time. */
  take(): Promise<void> | undefined {
    if (performance.now() - this.#turn <= TURN) return undefined;
    return nextTurn().then(() => void (this.#turn = performance.now()));
  }
}

/** Finds all holders at once: to look for them takes as long for one file as for a thousand. */
async function nameHolders(busy: readonly { kept: KeptEntry; identity: string }[]): Promise<void> {
  const found = await findHolders(busy.map(({ identity }) => identity));
  for (const { kept, identity } of busy) {
    kept.holders = found.get(identity) ?? [];
    kept.message = `in use: ${holdersText(kept.holders)}`;
  }
}
