import type { Description } from '../description.ts';

export const description: Description = {
  name: 'copy',
  summary: 'make a mutable copy of a runtime, and hand it to a command',
  synopsis: '[OPTION...] SOURCE PARENT [-- COMMAND [ARG...]]',
  text: [
    'Makes a mutable copy of the runtime SOURCE in the directory PARENT, which is created if ' +
    'missing. Files are hard links where that is possible: replace a file in the copy, never ' +
    'write into it.',
    'Without COMMAND, prints the path of the copy. From then on it is garbage, which the next ' +
    '"reflock gc PARENT" deletes unless somebody uses it: reflock use COPY -- ... Characters that ' +
    'a terminal would obey are escaped in it; --json gives it as it is.',
    'With COMMAND, runs it with a shared lock on the copy, which lasts until COMMAND, and every ' +
    'process that it left behind, has ended. {} in COMMAND and its arguments stands for the path ' +
    'of the copy.',
  ],
  options: [
    { name: 'wait', text: 'wait while SOURCE is being deleted (default: that is an error)' },
    {
      name: 'json',
      text: 'print path, ref, entries and skipped as JSON; not with COMMAND',
    },
  ],
  statuses: [
    ['0', 'the copy is there'],
    ['N', 'the status of COMMAND'],
    [
      '128 + N',
      'signal N ended COMMAND, or the copying, and then the copy is not there unless it was whole',
    ],
    ['64', 'wrong usage; nothing was touched'],
    ['69', 'no copy could be made'],
    ['70', 'nobody knows how COMMAND has ended'],
    ['75', 'SOURCE is being deleted'],
    ['127', 'COMMAND cannot be started'],
  ],
  example: 'reflock copy ~/runtimes/sniper/files ~/copies -- bwrap --bind {}/usr /usr ...',
  operandsBeforeCommand: 2,
  operands: 'directories',
};
