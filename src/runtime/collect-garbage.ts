import { setImmediate as nextTurn } from 'node:timers/promises';
import { list, nameText } from '../linux/listing.ts';
import { findHolders, holdersText } from '../lock/holders.ts';
import type { Lock } from '../lock/lock.ts';
import { quote, systemError } from '../lock/lock-error.ts';
import { toPath } from '../lock/lock-options.ts';
import { checkDeployments, checkExistence, identitiesOf } from './current-deployments.ts';
import { judge, type Scope } from './garbage-names.ts';
import type { GarbageReport, KeptEntry } from './garbage-report.ts';
import { busyError, holdersOf, lookAt, type Ref, tryRef, waitForRef } from './lock-ref.ts';
import { Directory } from './open-directory.ts';
import { sweepEntry } from './sweep-entry.ts';
import { checkWorkOptions, type WorkOptions } from './tree-options.ts';

/** What to collect, and how. */
export interface CollectOptions extends WorkOptions {
  /**
   * What to do while somebody makes a copy, or collects too: nothing, wait, or reject with
   * `ERR_LOCK_BUSY`. Copies that are in use are never waited for.
   * @default {'skip'}
   */
  whenBusy?: 'skip' | 'wait' | 'error' | undefined;
  /**
   * Only tell what would be done. Nothing is deleted, and no `.ref` is created.
   * @default {false}
   */
  dryRun?: boolean | undefined;
  /**
   * Collect `deploy-*` as well, but for these names, which must exist. Default: all are kept.
   */
  currentDeployments?: readonly string[] | undefined;
  /**
   * Collect the runtimes of earlier layouts (`scout_0.*`, `.soldier_*_unpack-temp`, …) as well, in
   * the directory itself and in this one. Default: all are kept.
   */
  legacyBase?: string | URL | undefined;
}

/** For how long entries may be looked at without a turn of the event loop, in milliseconds. */
const TURN = 1;

/**
 * Deletes the mutable copies in a directory that nobody uses.
 *
 * The directory's own `.ref` is locked exclusively first, so that no copy is made meanwhile; then
 * each candidate's, which is only tried. An entry that cannot be locked, or that has an entry
 * `keep`, is kept. What is deleted is renamed aside before, so that nobody ever finds a half of it,
 * and a half that somebody has left who was killed is deleted whatever is in it.
 * Nothing outside is touched, whatever the trees contain or are swapped for. One entry that cannot
 * be deleted does not keep the others from it.
 *
 * @throws {LockError} when the directory cannot be opened or locked; `ERR_LOCK_BUSY`, when asked for.
 * An abort rejects with `signal.reason`; what is half deleted then is garbage for the next time.
 *
 * @example
 * ```ts
 * import { mkdirSync } from 'node:fs';
 * import { collectGarbage } from 'reflock/runtime';
 *
 * mkdirSync('/tmp/example-copies/tmp-old', { recursive: true });
 * const { deleted, kept, freedBytes } = await collectGarbage('/tmp/example-copies');
 * console.log(deleted.map(({ name }) => name), freedBytes);
 * for (const { name, message } of kept) console.log(`${name}: ${message}`);
 * ```
 */
export async function collectGarbage(
  parent: string | URL,
  options: CollectOptions = {},
): Promise<GarbageReport> {
  const path = toPath(parent);
  checkWorkOptions(options, ['skip', 'wait', 'error']);
  checkDeployments(options.currentDeployments);
  const { currentDeployments, dryRun = false, legacyBase } = options;
  const report = emptyReport(path, dryRun);
  const directories: Directory[] = [];
  const locks: Lock[] = [];
  try {
    directories.push(Directory.open(path));
    if (legacyBase !== undefined) directories.push(Directory.open(toPath(legacyBase)));
    const found = directories.filter(isFirst).map((directory, index) => ({
      directory,
      scope: { currentDeployments, copies: index === 0, legacy: legacyBase !== undefined },
    }));
    // In one order, so that two collections of the same two directories do not wait for each other.
    for (const { directory } of [...found].sort(byIdentity)) {
      const lock = await lockDirectory(directory, report, options);
      if (report.busy !== undefined) return report;
      if (lock !== undefined) locks.push(lock);
    }
    await sweep(found, report, options);
    return report;
  } finally {
    for (const lock of locks) lock.release();
    for (const directory of directories) directory.close();
  }
}

/** The report before anything has been found. */
function emptyReport(parent: string, dryRun: boolean): GarbageReport {
  return { parent, dryRun, deleted: [], kept: [], freedBytes: 0, freedInodes: 0 };
}

/** Leaves out a directory that is given twice: a second lock would wait for the first. */
function isFirst({ identity }: Directory, index: number, all: readonly Directory[]): boolean {
  return all.findIndex((other) => other.identity === identity) === index;
}

function byIdentity(one: { directory: Directory }, other: { directory: Directory }): number {
  return one.directory.identity < other.directory.identity ? -1 : 1;
}

/** Keeps copies from being made; the report says so if somebody is about it. */
async function lockDirectory(
  { fd, path }: Directory,
  report: GarbageReport,
  options: CollectOptions,
): Promise<Lock | undefined> {
  const { whenBusy = 'skip', dryRun = false } = options;
  const ref: Ref = { path: '.ref', mode: 'exclusive', create: !dryRun, at: fd };
  // Where there is no `.ref` yet, nobody can hold it.
  if (dryRun && lookAt(ref).identity === undefined) return undefined;
  if (whenBusy === 'wait') return await waitForRef(ref, options);
  const lock = await tryRef(ref, options);
  if (lock !== undefined) return lock;
  const holders = await holdersOf(ref);
  if (whenBusy === 'error') throw busyError(ref, holders);
  report.busy = { path: `${path}/.ref`, holders };
  return undefined;
}

/** Looks at one entry after the other, and deletes what may be deleted. */
async function sweep(
  places: readonly { directory: Directory; scope: Scope }[],
  report: GarbageReport,
  options: CollectOptions,
): Promise<void> {
  const { signal, onProgress, engine, dryRun = false, currentDeployments = [] } = options;
  const entries = places.flatMap(({ directory, scope }) =>
    entriesOf(directory).map((bytes) => ({ directory, scope, bytes, name: nameText(bytes) }))
  );
  checkExistence(report.parent, currentDeployments, new Set(entries.map(({ name }) => name)));
  const current = identitiesOf(places[0]!.directory, currentDeployments);
  const busy: { kept: KeptEntry; identity: string }[] = [];
  let turn = performance.now();
  for (const [done, { directory, scope, bytes, name }] of entries.entries()) {
    onProgress?.({ done, total: entries.length });
    const entry = { parent: directory, name, bytes, path: `${directory.path}/${name}` };
    const { deleted, kept, freed, identity } = await sweepEntry(entry, judge(name, scope), {
      engine,
      signal,
      dryRun,
      current,
    });
    if (deleted !== undefined) report.deleted.push(deleted);
    if (kept !== undefined) report.kept.push(kept);
    if (kept !== undefined && identity !== undefined) busy.push({ kept, identity });
    report.freedBytes += freed.bytes;
    report.freedInodes += freed.inodes;
    // Many entries that are kept would hold up the event loop.
    if (performance.now() - turn > TURN) {
      await nextTurn();
      turn = performance.now();
    }
    signal?.throwIfAborted();
  }
  onProgress?.({ done: entries.length, total: entries.length });
  await nameHolders(busy);
}

/** Names as bytes, since they need not be UTF-8; without the directory's own lock file. */
function entriesOf({ fd, path }: Directory): Uint8Array[] {
  const listing = list(fd);
  if (typeof listing === 'number') {
    throw systemError(`Cannot list ${quote(path)}`, path, 'getdents64', listing);
  }
  const names: Uint8Array[] = [];
  while (listing.next()) names.push(listing.nameBytes);
  return names.filter((name) => nameText(name) !== '.ref');
}

/** Finds all holders at once: to look for them takes as long for one file as for a thousand. */
async function nameHolders(busy: readonly { kept: KeptEntry; identity: string }[]): Promise<void> {
  const found = await findHolders(busy.map(({ identity }) => identity));
  for (const { kept, identity } of busy) {
    kept.holders = found.get(identity) ?? [];
    kept.message = `in use: ${holdersText(kept.holders)}`;
  }
}
