import type { Description } from '../description.ts';

export const description: Description = {
  name: 'use',
  summary: 'run a command that keeps a runtime from being deleted',
  synopsis: 'RUNTIME [--] COMMAND [ARG...]',
  text: [
    'Runs COMMAND and keeps RUNTIME from being deleted until COMMAND, and every process that it ' +
    "left behind, has ended: they inherit a shared lock on the runtime's .ref, which is created " +
    'if missing.',
    'RUNTIME is a directory with files/ (a deployment), with usr/ (a whole root filesystem), or ' +
    'with bin/ and lib/ (a merged /usr).',
  ],
  options: [],
  statuses: [
    ['N', 'the status of COMMAND'],
    ['128 + N', 'signal N ended it'],
    ['64', 'wrong usage; nothing was touched'],
    ['69', 'the runtime cannot be locked'],
    ['70', 'nobody knows how COMMAND has ended'],
    ['75', 'the runtime is being deleted'],
    ['127', 'COMMAND cannot be started'],
  ],
  example: 'reflock use ~/runtimes/sniper -- bwrap --ro-bind ~/runtimes/sniper/files /usr ...',
  operandsBeforeCommand: 1,
  operands: 'directories',
};
