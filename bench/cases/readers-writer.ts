/**
 * Whether readers let a writer in, and how soon.
 *
 * Eight readers hold a shared lock for a turn of the event loop, over and over, so that there is
 * hardly a moment without one. A writer asks for an exclusive lock meanwhile. The kernel knows no line:
 * it keeps a writer waiting as long as one reader comes before the last one has gone. So the readers
 * stop when the writer has waited for a fifth of a second: who waits longer than that waits for ever.
 */

import { closeSync, openSync } from 'node:fs';
import { LockEngine } from '../../src/mod.ts';
import { monotonic } from '../clock.ts';
import { type Absent, absent, type Contender } from '../measure.ts';
import { compile } from '../peers/c.ts';
import { loadIfItWorks } from '../peers/package.ts';
import { startProgram } from '../peers/program.ts';
import { scriptCommand } from '../place.ts';
import type { Case } from './case.ts';
import { type Readers, startReaders, type TakeIt, turn } from './reading.ts';

const READERS = 8;
/** How often the writer asks in a turn. */
const COUNT = 3;
/** After so many milliseconds of waiting the readers stop. */
const PATIENCE = 200;

/** A writer among readers. */
export const readersWriterCase: Case = {
  name: 'readers-writer',
  title: `how long a writer waits among ${READERS} readers who hold the lock for a turn each`,
  bounds: {},
  limits: { p99: {} },
  rounds: 9,
  contenders: (path) => [reflock(path), fsNativeExtensions(path)],
};

/** The same where the readers are in another process: who knows of no line has to be lucky. */
export const readersElsewhereCase: Case = {
  name: 'readers-elsewhere',
  title:
    `how long a writer waits among ${READERS} readers of another process, who stop when it has ` +
    `waited for ${PATIENCE} ms`,
  bounds: {},
  limits: { p99: {} },
  full: true,
  rounds: 3,
  contenders: (path) => readersElsewhere(path),
};

/** All in one engine, which has a line for them. */
function reflock(path: string): Contender {
  const engine = new LockEngine();
  const shared = asking(engine, path, 'shared');
  return writing('reflock', asking(engine, path, 'exclusive'), () => startReaders(READERS, shared));
}

/** The readers in another process, with an engine of their own. */
function readersElsewhere(path: string): (Contender | Absent)[] {
  const script = scriptCommand('bench/cases/reading-process.ts');
  const program = startProgram([...script, path, `${READERS}`]);
  const start = async (): Promise<Readers> => {
    await program.ask('read');
    return { stop: async () => void await program.ask('stop') };
  };
  const take = asking(new LockEngine(), path, 'exclusive');
  return [
    {
      ...writing('reflock', take, start),
      end: () => program.end(),
    },
    writerInC('C', path, start),
  ];
}

/** A process that waits in the kernel, and releases the lock as soon as it has it. */
function writerInC(
  name: string,
  path: string,
  start: () => Promise<Readers>,
): Contender | Absent {
  const command = compile('waiter');
  if ('absent' in command) return absent(name, command.absent);
  const waiter = startProgram([...command, path]);
  const take: TakeIt = async () => {
    await waiter.ask('0');
    return () => {};
  };
  return { ...writing(name, take, start), elsewhere: true, end: () => waiter.end() };
}

function fsNativeExtensions(path: string): Contender | Absent {
  const addon = loadIfItWorks('fs-native-extensions', 'waitForLock', path);
  if ('absent' in addon) return addon;
  const taking = (shared: boolean): TakeIt => async () => {
    const fd = openSync(path, 'r+');
    await addon.waitForLock(fd, 0, 0, { shared });
    return () => closeSync(fd);
  };
  return writing('fs-native-extensions', taking(false), () => startReaders(READERS, taking(true)));
}

function asking(engine: LockEngine, path: string, mode: 'shared' | 'exclusive'): TakeIt {
  return async () => {
    const lock = await engine.lock(path, { mode });
    return () => lock.release();
  };
}

function writing(name: string, take: TakeIt, start: () => Readers | Promise<Readers>): Contender {
  return {
    name,
    count: COUNT,
    measure: async (count) => {
      const samples: number[] = [];
      while (samples.length < count) samples.push(await timeOfWait(take, await start()));
      return samples;
    },
  };
}

/** Tells how long the writer waits for a lock that readers have had for some turns already. */
async function timeOfWait(take: TakeIt, readers: Readers): Promise<number> {
  for (let turns = 0; turns < READERS; turns++) await turn();
  let stopping: Promise<void> | undefined;
  const timer = setTimeout(() => stopping = readers.stop(), PATIENCE);
  const began = monotonic();
  const release = await take();
  const waited = Number(monotonic() - began);
  clearTimeout(timer);
  release();
  await (stopping ?? readers.stop());
  return waited;
}
