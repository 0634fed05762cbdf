import type { Description } from '../description.ts';

export const description: Description = {
  name: 'doctor',
  summary: 'tell whether locks work in a directory',
  synopsis: '[OPTION...] [PATH]',
  text: [
    'Tells whether locks work in the directory PATH, which is the current one by default, by ' +
    'trying it: two processes lock temporary files there, let go of them, hand them on to a ' +
    'child, and are killed. Each line is ok, a warning or a failure, and says what to do.',
    'PATH may also be a file: then its directory is meant, and whether the file can be opened for ' +
    'a lock. No lock is taken on it.',
  ],
  options: [{ name: 'json', text: 'print the report as JSON' }],
  statuses: [
    ['0', 'locks work there, perhaps with warnings'],
    ['1', 'a check failed'],
    ['64', 'wrong usage; nothing was touched'],
    ['69', 'there is no PATH'],
    ['128 + N', 'signal N ended it'],
  ],
  example: 'reflock doctor /srv/runtimes',
  operands: 'files',
};
