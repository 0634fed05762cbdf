import type { Absent, Contender } from '../measure.ts';
import { loadIfItWorks } from '../peers/package.ts';
import { startProgram } from '../peers/program.ts';
import { scriptCommand } from '../place.ts';
import type { Case } from './case.ts';
import { type HeldFiles, holdFiles } from './held-files.ts';
import { MANY, MANY_IN_WORDS } from './many.ts';
import type { Taken } from './waiting-process.ts';

/** How many threads there are while many files are waited for. */
export const manyWaitsThreadsCase: Case = {
  name: 'many-waits-threads',
  title: `threads of a process with ${MANY_IN_WORDS} waits for another one's files`,
  unit: 'threads',
  bounds: {},
  allowances: { idle: { node: 12 } },
  limits: { median: { node: 24 } },
  tolerance: 3,
  rounds: 1,
  contenders: (path) => {
    const held = holdFiles(path);
    const threads = ({ during }: Taken): number => during.threads;
    return [
      { ...fresh('reflock', 'reflock', held, MANY, threads), end: () => held.end() },
      fresh('idle', 'reflock', held, 0, threads),
      freshPeer(path, held, threads),
    ];
  },
};

/** How much memory the waits for many files need. */
export const manyWaitsMemoryCase: Case = {
  name: 'many-waits-memory',
  title: `resident memory that ${MANY_IN_WORDS} waits for another process's files add`,
  unit: 'bytes',
  bounds: {},
  limits: { median: { node: 40e6 } },
  tolerance: 10e6,
  rounds: 2,
  contenders: (path) => {
    const held = holdFiles(path);
    const memory = ({ before, during }: Taken): number => during.memory - before.memory;
    return [
      { ...fresh('reflock', 'reflock', held, MANY, memory), end: () => held.end() },
      freshPeer(path, held, memory),
    ];
  },
};

type Kind = 'reflock' | 'fs-native-extensions';
type Choose = (taken: Taken) => number;

function freshPeer(path: string, held: HeldFiles, choose: Choose): Contender | Absent {
  const addon = loadIfItWorks('fs-native-extensions', 'waitForLock', path);
  if ('absent' in addon) return addon;
  return fresh('fs-native-extensions', 'fs-native-extensions', held, MANY, choose);
}

/** Starts a process that waits for so many files, and measures one thing about it. */
function fresh(
  name: string,
  kind: Kind,
  held: HeldFiles,
  count: number,
  choose: Choose,
): Contender {
  return {
    name,
    count: 1,
    cold: true,
    measure: async () => {
      await held.hold(count);
      const script = scriptCommand('bench/cases/waiting-process.ts');
      const program = startProgram([...script, kind, held.directory, `${count}`]);
      const taken: Taken = JSON.parse(await program.ask('wait'));
      await Promise.all([program.ask('release'), held.release()]);
      program.end();
      return [choose(taken)];
    },
  };
}
