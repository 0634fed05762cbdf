import type { Description } from '../description.ts';

export const description: Description = {
  name: 'storm',
  summary: 'find out whether locks hold under load on a filesystem',
  synopsis: '[OPTION...]',
  text: [
    'Finds out whether locks protect runtimes on this machine and filesystem: many launches use ' +
    'sample runtimes, and mutable copies that they make of them and leave behind, while ' +
    'collectors try to delete both. With bwrap, each launch is a real container.',
  ],
  options: [
    {
      name: 'dir',
      value: 'DIR',
      text: 'make the runtimes below DIR, which is where to test (default: temporary files)',
    },
    { name: 'seconds', value: 'N', text: 'how long (default: 10)' },
    { name: 'runtimes', value: 'N', text: 'how many sample runtimes (default: 6)' },
    { name: 'processes', value: 'N', text: 'how many processes (default: 2)' },
    {
      name: 'launchers',
      value: 'N',
      text: 'how many launches go on at a time in each process (default: 8)',
    },
    {
      name: 'collectors',
      value: 'N',
      text: 'how many collectors each process has (default: 1)',
    },
    {
      name: 'runtime',
      value: 'PATH',
      text: 'lay out this runtime as sample runtimes, and launch it where it is too; it is ' +
        'locked, and never removed, nor are mutable copies made of it itself',
    },
    { name: 'json', text: 'print the report as JSON' },
  ],
  statuses: [
    ['0', 'every promise was kept'],
    [
      '1',
      'a launch found its runtime or copy changed or gone, an exclusive lock was not exclusive, a ' +
      'copy was not whole, or not collected in the end',
    ],
    ['64', 'wrong usage; nothing was touched'],
    ['69', 'no storm could be had'],
    ['128 + N', 'signal N ended it'],
  ],
  example: 'reflock storm --dir /srv/runtimes --seconds 60',
  operands: [],
};
