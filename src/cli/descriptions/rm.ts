import type { Description } from '../description.ts';

export const description: Description = {
  name: 'rm',
  summary: 'remove a runtime that nobody uses',
  synopsis: '[OPTION...] RUNTIME',
  text: [
    'Removes RUNTIME if nobody uses it: a deployment with all that lies beside its files/, a ' +
    'whole root filesystem, a merged /usr, or a mutable copy. It is gone from its path at once, ' +
    'and then deleted.',
    'Something must say that it is a runtime: a .ref, which `reflock use` makes, or a manifest.',
  ],
  options: [
    { name: 'force-runtime', text: 'remove it although nothing says that it is a runtime' },
    { name: 'dry-run', text: 'only tell what would be removed' },
    { name: 'wait', text: 'wait while RUNTIME is in use' },
    { name: 'json', text: 'print the result as JSON' },
  ],
  statuses: [
    ['0', 'removed'],
    ['1', 'it is gone from its path, but not all of it could be deleted'],
    ['64', 'wrong usage; nothing was touched'],
    ['69', 'it cannot be removed'],
    ['75', 'it is in use'],
    ['128 + N', 'signal N ended it'],
  ],
  example: 'reflock rm --wait ~/runtimes/soldier',
  operands: 'directories',
};
