/**
 * Which entries of a directory a collection may delete, by their names.
 *
 * | name | it is | collected |
 * |---|---|---|
 * | `tmp-partial-*` | a part of whatever was being made or deleted | always, where there is a `.ref` |
 * | `tmp-*` | a mutable copy | always, where there may be copies |
 * | `deploy-*` | an unpacked runtime | when it is said which ones are current |
 * | `scout_before_*`, `scout_0.*`, `.scout_*_unpack-temp` | a runtime of an earlier layout | as legacy |
 * | `scout` | a symbolic link to one of those | as legacy, when it leads nowhere |
 *
 * The legacy names exist with `soldier` too. All are pressure-vessel's.
 */

import { COPY, isPartial } from './partial.ts';

/** How the names of deployments begin. */
export const DEPLOYMENT = 'deploy-';

const LEGACY = /^(scout|soldier)_(before_|0\.)|^\.(scout|soldier)_.*_unpack-temp$/s;
const LEGACY_LINK = /^(scout|soldier)$/;

/** What else than copies is to be collected. */
export interface Scope {
  /** The deployments to keep, if the others are to go. */
  readonly currentDeployments: readonly string[] | undefined;
  /** Whether there may be copies and deployments: there are none in a legacy base directory. */
  readonly copies: boolean;
  /** Whether what is called `tmp-partial-*` there is what a killed collector has left. */
  readonly halves: boolean;
  readonly legacy: boolean;
}

/** What a name says: a directory or a dangling link to be deleted, or that it stays. */
export type Judgement = 'directory' | 'link' | 'current' | 'not-garbage';

/** Judges an entry by its name. */
export function judge(name: string, scope: Scope): Judgement {
  const { currentDeployments, copies, halves, legacy } = scope;
  // Also where legacy runtimes lie: a collector may have been killed over one of them.
  if (isPartial(name)) return halves ? 'directory' : 'not-garbage';
  if (copies && name.startsWith(COPY)) return 'directory';
  if (copies && name.startsWith(DEPLOYMENT) && currentDeployments !== undefined) {
    return currentDeployments.includes(name) ? 'current' : 'directory';
  }
  if (legacy && LEGACY.test(name)) return 'directory';
  if (legacy && LEGACY_LINK.test(name)) return 'link';
  return 'not-garbage';
}
