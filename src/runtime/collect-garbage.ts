import { LockError } from '../lock/lock-error.ts';
import { findHolders } from '../lock/holders.ts';
import { toPath } from '../lock/lock-options.ts';
import { quote } from '../lock/printable.ts';
import { openAncestors, usedAncestor } from './ancestors.ts';
import { checkDeployments } from './current-deployments.ts';
import type { GarbageReport } from './garbage-report.ts';
import { HeldRefs } from './held-refs.ts';
import { busyError, type BusyRef } from './lock-ref.ts';
import { Place } from './place.ts';
import { hasRef, hasTrustedRef } from './signs.ts';
import { sweep, type SweptPlace } from './sweep.ts';
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
  /**
   * Collect also in a directory without a `.ref` of its own, which never had copies: a home, say, or
   * `/tmp`, where `tmp-*` may be anything.
   * @default {false}
   */
  forceParent?: boolean | undefined;
}

/**
 * Deletes the mutable copies in a directory that nobody uses.
 *
 * The directory's own `.ref` is locked exclusively first, so that no copy is made meanwhile; then
 * every `.ref` in each candidate, which is only tried. An entry that cannot be locked, in which
 * something is mounted, or that has an entry `keep`, is kept. What is deleted is renamed aside before,
 * so that nobody ever finds a half of it, and a half that a killed process has left is deleted whatever
 * is in it.
 * Nothing outside is touched, whatever the trees contain or are swapped for. One entry that cannot
 * be deleted does not keep the others from it.
 *
 * The path is followed once, as `useRuntime()` does. In a sticky directory, or one of somebody else, an
 * entry that belongs neither to the caller nor to the owner of the directory is kept.
 *
 * @throws {LockError} `ERR_NOT_COPIES` when the directory has no `.ref`, so that it never had copies;
 * `EACCES` for a link that is not followed; when the directory cannot be opened or locked;
 * `ERR_LOCK_BUSY`, when asked for. An abort rejects with `signal.reason`; what is half deleted then is
 * garbage for the next time.
 *
 * @example
 * ```ts
 * import { mkdirSync } from 'node:fs';
 * import { collectGarbage, createCopy } from 'reflock/runtime';
 *
 * mkdirSync('/tmp/example-collected/usr/bin', { recursive: true });
 * const { lock } = await createCopy('/tmp/example-collected', '/tmp/example-copies');
 * lock.release();
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
  const held = new HeldRefs(options);
  try {
    const copies = openPlace(path, held);
    if (!options.forceParent) requireCopies(copies);
    const directories = [copies];
    if (legacyBase !== undefined) directories.push(openPlace(toPath(legacyBase), held));
    const found = directories.filter(isFirst).map((directory): SweptPlace => ({
      directory,
      scope: {
        currentDeployments,
        copies: directory === copies,
        halves: directory === copies || hasTrustedRef(directory),
        legacy: legacyBase !== undefined,
      },
    }));
    const ancestors = found.flatMap(({ directory }) => openAncestors(directory, held));
    const busy = await lockAll(found, ancestors, held, options);
    if (busy !== undefined) return { ...report, busy };
    await sweep(found, ancestors, report, options);
    return report;
  } finally {
    held.close();
  }
}

function openPlace(path: string, held: HeldRefs): Place {
  const place = Place.at(path, `Cannot open ${quote(path)}`);
  try {
    return held.own(place.readable());
  } finally {
    place.close();
  }
}

/** A copier makes the `.ref` of its directory, so one without never had copies. */
function requireCopies(copies: Place): void {
  if (hasTrustedRef(copies)) return;
  const { path } = copies;
  const why = hasRef(copies)
    ? "anybody may put a .ref there, and its owner is neither root, nor you, nor its directory's"
    : 'it has no .ref, so it never had copies';
  const help = 'what is called tmp-* may be anything (--force-parent)';
  throw new LockError(`Cannot collect in ${quote(path)}: ${why}, and ${help}`, {
    code: 'ERR_NOT_COPIES',
    path,
  });
}

/** The report before anything has been found. */
function emptyReport(parent: string, dryRun: boolean): GarbageReport {
  return { parent, dryRun, deleted: [], kept: [], freedBytes: 0, freedInodes: 0 };
}

/** Leaves out a directory that is given twice. */
function isFirst({ identity }: Place, index: number, all: readonly Place[]): boolean {
  return all.findIndex((other) => other.identity === identity) === index;
}

/**
 * Keeps copies from being made; tells who is in the way, also by using a runtime in which a directory
 * lies, unless somebody is waited for.
 */
async function lockAll(
  places: readonly SweptPlace[],
  ancestors: readonly Place[],
  held: HeldRefs,
  options: CollectOptions,
): Promise<NonNullable<GarbageReport['busy']> | undefined> {
  const { whenBusy = 'skip' } = options;
  const directories = places.map(({ directory }) => directory);
  for (;;) {
    const busy = usedAncestor(ancestors) ??
      await tryAll(directories, held, options.dryRun !== true);
    if (busy === undefined) return undefined;
    held.release();
    if (whenBusy === 'wait') {
      await held.waitFor(busy, options);
      continue;
    }
    const holders = (await findHolders([busy.identity])).get(busy.identity) ?? [];
    if (whenBusy === 'error') throw busyError({ path: busy.busy, mode: 'exclusive' }, holders);
    return { path: busy.busy, holders };
  }
}

async function tryAll(
  directories: readonly Place[],
  held: HeldRefs,
  create: boolean,
): Promise<BusyRef | undefined> {
  for (const directory of directories) {
    const busy = await held.take(directory, create);
    if (busy !== undefined) return busy;
  }
  return undefined;
}
