import type { Description } from '../description.ts';

export const description: Description = {
  name: 'run',
  summary: 'hold locks while a command runs',
  synopsis: '[OPTION...] [--] COMMAND [ARG...]',
  text: [
    'Takes locks, runs COMMAND, and holds the locks until it has ended. COMMAND inherits its ' +
    'standard streams and what is passed to it by --pass-fd, but neither the locks nor any other ' +
    'descriptor, unless --exec is given. HUP, INT, QUIT, TERM, USR1 and USR2 are passed on to it.',
    'Options end at COMMAND, with or without "--". All of them are understood before any file is ' +
    'touched. A file that is named more than once is locked once, in the stronger mode.',
  ],
  options: [
    { name: 'lock-file', value: 'FILE', text: 'lock FILE; may be given again' },
    {
      name: 'create',
      negatable: true,
      text: 'create the files that follow if missing (default: no)',
    },
    {
      name: 'wait',
      negatable: true,
      text: 'wait for the files that follow if busy (default: no)',
    },
    {
      name: 'write',
      negatable: true,
      text: 'lock the files that follow exclusively (default: no, shared)',
    },
    {
      name: 'timeout',
      value: 'SECONDS',
      text: 'how long to wait, for all files together (default: for ever)',
    },
    {
      name: 'fd',
      value: 'N',
      text:
        'keep the inherited descriptor N open, and with it its locks, under --exec in COMMAND; ' +
        'may be given again',
    },
    {
      name: 'pass-fd',
      value: 'N',
      text: 'let COMMAND inherit the descriptor N; may be given again',
    },
    {
      name: 'exec',
      text:
        'become COMMAND, which then has the locks itself: nothing of reflock is left, and the ' +
        'locks last until the last process that inherits them has ended',
    },
    {
      name: 'exit-with-parent',
      negatable: true,
      text:
        'end by SIGTERM, and COMMAND too, when the parent of reflock ends, also while it waits ' +
        'for a lock (default: no)',
    },
    {
      name: 'subreaper',
      negatable: true,
      text: 'stay, and keep the locks, until all that COMMAND has left behind has ended; signals ' +
        'go to that then (default: no)',
    },
    {
      name: 'terminate-timeout',
      value: 'SECONDS',
      text: 'send SIGTERM to what COMMAND has left behind, and SIGKILL so much later; 0: SIGKILL ' +
        'at once; includes --subreaper (default: never)',
    },
    {
      name: 'terminate-idle-timeout',
      value: 'SECONDS',
      text: 'give it so much time to end by itself first (default: 0)',
    },
    { name: 'verbose', text: 'say on stderr what is being done' },
    { name: 'version', text: 'show the version' },
  ],
  statuses: [
    ['N', 'the status of COMMAND'],
    ['128 + N', 'signal N ended it'],
    ['64', 'wrong usage; nothing was touched'],
    ['69', 'a lock or a descriptor cannot be had'],
    ['70', 'nobody knows how COMMAND has ended'],
    ['75', 'a lock is busy, and --wait was not given, or the timeout ran out'],
    ['127', 'COMMAND cannot be started'],
  ],
  example: 'reflock run --create --wait --write --lock-file copies/.ref -- rm -rf copies/tmp-old',
  operandsBeforeCommand: 0,
  operands: 'command',
};
