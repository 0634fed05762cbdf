import type { Description } from '../description.ts';

export const description: Description = {
  name: 'gc',
  summary: 'delete the mutable copies that nobody uses',
  synopsis: '[OPTION...] PARENT',
  text: [
    'Deletes the mutable copies (tmp-*) in the directory PARENT that nobody uses, and that have ' +
    'no entry "keep". Does nothing while somebody makes a copy there, or collects too.',
    'PARENT must have a .ref, as every directory has in which a copy was made.',
  ],
  options: [
    {
      name: 'current',
      value: 'NAME',
      text: 'delete unused deployments (deploy-*) too, but not NAME; may be given again',
    },
    {
      name: 'legacy-base',
      value: 'DIR',
      text: 'delete what earlier layouts have left, in PARENT and in DIR, too',
    },
    { name: 'force-parent', text: 'collect also where no copy was ever made' },
    { name: 'dry-run', text: 'only tell what would be deleted' },
    { name: 'wait', text: 'wait while PARENT is busy' },
    { name: 'json', text: 'print the report as JSON' },
  ],
  statuses: [
    ['0', 'collected, or PARENT is busy'],
    ['1', 'something that nobody uses could not be deleted'],
    ['64', 'wrong usage; nothing was touched'],
    ['69', 'PARENT cannot be opened or locked, or never had copies'],
    ['128 + N', 'signal N ended it'],
  ],
  example: 'reflock gc --current deploy-2.0.20250101 ~/runtimes/var',
  operands: 'directories',
};
