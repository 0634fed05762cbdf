import { dirname, join } from 'node:path';
import { createCopy } from '../../src/runtime/mod.ts';
import { monotonic } from '../clock.ts';
import type { Contender } from '../measure.ts';
import { type Shell, startShell } from '../peers/shell.ts';
import type { Case } from './case.ts';
import { makeSampleTree, sampleTitle } from './sample-tree.ts';
import { freshName } from './spread.ts';

/** A mutable copy, whose files are hard links. */
export const copyCase: Case = {
  name: 'copy',
  title: `createCopy() of ${sampleTitle}`,
  bounds: { 'cp -al': 1 },
  rounds: 21,
  contenders: (path) => {
    const directory = dirname(path);
    makeSampleTree(directory);
    const shell = startShell(directory);
    return [
      { ...copying('reflock', shell, (parent) => copy(directory, parent)), end: () => shell.end() },
      {
        ...copying('cp -al', shell, (parent) => shell.run(`cp -al source ${parent}/tmp-copy`)),
        elsewhere: true,
      },
    ];
  },
};

async function copy(directory: string, parent: string): Promise<void> {
  const { lock } = await createCopy(join(directory, 'source'), join(directory, parent));
  lock.release();
}

/**
 * Copies into a new directory each time. All stay until the end, so that each lies in another place
 * of the disk and not where something has just been deleted.
 */
function copying(name: string, shell: Shell, copy: (parent: string) => Promise<void>): Contender {
  return {
    name,
    count: 1,
    measure: async () => {
      const parent = freshName();
      await shell.run(`mkdir ${parent} && sync -f .`);
      const began = monotonic();
      await copy(parent);
      return [Number(monotonic() - began)];
    },
  };
}
