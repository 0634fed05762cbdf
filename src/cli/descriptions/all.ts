import type { Description } from '../description.ts';
import { description as bench } from './bench.ts';
import { description as completion } from './completion.ts';
import { description as copy } from './copy.ts';
import { description as doctor } from './doctor.ts';
import { description as gc } from './gc.ts';
import { description as rm } from './rm.ts';
import { description as run } from './run.ts';
import { description as status } from './status.ts';
import { description as storm } from './storm.ts';
import { description as use } from './use.ts';

/** Every subcommand, in the order in which people need them. */
export const all: readonly Description[] = [
  run,
  use,
  copy,
  gc,
  rm,
  status,
  doctor,
  storm,
  bench,
  completion,
];
