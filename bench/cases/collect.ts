import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { tryLock } from '../../src/mod.ts';
import { collectGarbage } from '../../src/runtime/mod.ts';
import { monotonic } from '../clock.ts';
import type { Contender } from '../measure.ts';
import type { Case } from './case.ts';
import { spread } from './spread.ts';

/** What a collection costs for each of the copies it finds, be they many or few. */
export const collectCase: Case = {
  name: 'collect',
  title: 'collectGarbage() of small copies of which half are in use, time for each',
  bounds: { 'reflock, 100 copies': 1.5 },
  grows: 'copies',
  rounds: 10,
  contenders: (path) => [1000, 100, 10].map((count) => collecting(dirname(path), count)),
};

function collecting(directory: string, count: number): Contender {
  const copies = join(directory, `copies-${count}`);
  const names = Array.from({ length: count }, (_, index) => join(copies, `tmp-${index}`));
  const used = names.filter((_, index) => index % 2 === 0);
  const unused = names.filter((_, index) => index % 2 === 1);
  mkdirSync(copies);
  writeFileSync(join(copies, '.ref'), '');
  spread(copies);
  for (const copy of used) makeCopy(copy);
  const held = used.map((copy) => tryLock(join(copy, 'usr/.ref'), { mode: 'shared' })!);
  return {
    name: `reflock, ${count} copies`,
    at: { series: 'reflock', size: count },
    count: 1,
    measure: async () => {
      for (const copy of unused) makeCopy(copy);
      const began = monotonic();
      const { deleted } = await collectGarbage(copies);
      const took = Number(monotonic() - began);
      if (deleted.length !== unused.length) throw new Error(`deleted only ${deleted.length}`);
      return [took / count];
    },
    end: () => {
      for (const lock of held) lock.release();
    },
  };
}

/** As `createCopy()` would make it of a very small runtime, but quicker. */
function makeCopy(path: string): void {
  for (const name of ['bin', 'lib']) {
    mkdirSync(join(path, 'usr', name), { recursive: true });
    symlinkSync(`usr/${name}`, join(path, name));
    writeFileSync(join(path, 'usr', name, 'file'), '');
  }
  writeFileSync(join(path, 'usr/.ref'), '');
  symlinkSync('usr/.ref', join(path, '.ref'));
}
