import type { Description } from '../description.ts';

export const description: Description = {
  name: 'status',
  summary: 'tell who holds and who waits for locks',
  synopsis: '[OPTION...] [PATH...]',
  text: [
    'Tells which processes hold locks on PATH, and which ones wait for them, whatever program they ' +
    'are: of open-file-description locks (OFD) and of process-associated ones (POSIX). Of a ' +
    'directory it tells the same for every .ref below it. Without PATH, it looks below the ' +
    'current directory.',
    "Only the superuser sees all of it. What belongs to other users' processes, or to those " +
    'outside of this pid namespace, is counted, but often not named.',
  ],
  options: [
    { name: 'watch', text: 'show it again every second, in place, until Ctrl-C' },
    { name: 'json', text: 'print it as JSON, with --watch one line each time' },
  ],
  statuses: [
    ['0', 'it was told, also when --watch is ended by Ctrl-C'],
    ['64', 'wrong usage'],
    ['69', 'PATH cannot be looked at'],
    ['128 + N', 'signal N ended it'],
  ],
  example: 'reflock status --watch ~/runtimes',
  operands: 'files',
};
