import { abortsCase } from './aborts.ts';
import { awaitCase } from './await.ts';
import type { Case } from './case.ts';
import { collectCase } from './collect.ts';
import { copyCase } from './copy.ts';
import { deleteCase } from './delete.ts';
import { eventLoopCase } from './event-loop.ts';
import { findHoldersCase, findHoldersLocksCase } from './find-holders.ts';
import { handOverCase } from './hand-over.ts';
import { letInCase, letInHeldCase } from './let-in.ts';
import { manyWaitsCase } from './many-waits.ts';
import { manyWaitsMemoryCase, manyWaitsThreadsCase } from './many-waits-cost.ts';
import { manyWaitsGrowthCase } from './many-waits-growth.ts';
import { manyWaitsEventLoopCase, manyWaitsProcessorCase } from './many-waits-rest.ts';
import { oneFileCase } from './one-file.ts';
import { processesCase } from './processes.ts';
import { readFileCase } from './read-file.ts';
import { readersElsewhereCase, readersWriterCase } from './readers-writer.ts';
import { remoteCase } from './remote.ts';
import { runCase } from './run.ts';
import { startUpCase } from './start-up.ts';
import { stormProcessesCase, stormRuntimesCase, stormWaitCase } from './storm.ts';
import { treeEventLoopCase } from './tree-event-loop.ts';
import { tryCase } from './try.ts';

/** Every case, in the order in which they are measured. */
export const cases: readonly Case[] = [
  tryCase,
  awaitCase,
  handOverCase,
  eventLoopCase,
  readFileCase,
  copyCase,
  deleteCase,
  treeEventLoopCase,
  collectCase,
  manyWaitsCase,
  manyWaitsThreadsCase,
  manyWaitsMemoryCase,
  manyWaitsGrowthCase,
  manyWaitsEventLoopCase,
  manyWaitsProcessorCase,
  abortsCase,
  oneFileCase,
  letInCase,
  letInHeldCase,
  readersWriterCase,
  readersElsewhereCase,
  processesCase,
  remoteCase,
  startUpCase,
  runCase,
  findHoldersCase,
  findHoldersLocksCase,
  stormRuntimesCase,
  stormProcessesCase,
  stormWaitCase,
];
