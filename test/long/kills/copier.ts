import { basename } from 'node:path';
import { isPartial } from '../../../src/runtime/partial.ts';
import { entriesOf } from './ground.ts';
import type { Operation } from './operation.ts';

/** `createCopy()`. */
export const copier: Operation = {
  name: 'copier',
  prepare: ({ source, parent, copy, bystanders }) => ({
    order: ['copy', source, parent],
    prey: new Map(),
    makes: copy,
    state: () => {
      const made = entriesOf(parent).filter((path) => !bystanders.has(path));
      if (made.length === 0) return 'before';
      return made.some((path) => isPartial(basename(path))) ? 'middle' : 'after';
    },
    collect: { parent, options: {} },
    left: [],
  }),
};
