import { dirname, join } from 'node:path';
import { removeRuntime } from '../../src/runtime/mod.ts';
import { monotonic } from '../clock.ts';
import type { Contender } from '../measure.ts';
import { type Shell, startShell } from '../peers/shell.ts';
import type { Case } from './case.ts';
import { makeSampleTree, sampleTitle } from './sample-tree.ts';
import { freshName } from './spread.ts';

/** A copy whose files are hard links, locked and deleted. */
export const deleteCase: Case = {
  name: 'delete',
  title: `removeRuntime() of a copy of ${sampleTitle}`,
  bounds: { 'rm -rf': 1 },
  rounds: 15,
  contenders: (path) => {
    const directory = dirname(path);
    makeSampleTree(directory);
    const shell = startShell(directory);
    const remove = (name: string) => removeRuntime(join(directory, name));
    return [
      { ...deleting('reflock', shell, remove), end: () => shell.end() },
      { ...deleting('rm -rf', shell, (name) => shell.run(`rm -rf ${name}`)), elsewhere: true },
    ];
  },
};

/** Deletes what was copied when nobody looked at the clock. */
function deleting(
  name: string,
  shell: Shell,
  remove: (copy: string) => Promise<unknown>,
): Contender {
  return {
    name,
    count: 1,
    measure: async () => {
      const copy = freshName();
      // The lock file of each is its own, and says that it is a runtime.
      await shell.run(`cp -al source ${copy} && : > ${copy}/.ref && sync -f .`);
      const began = monotonic();
      await remove(copy);
      return [Number(monotonic() - began)];
    },
  };
}
