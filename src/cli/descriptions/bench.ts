import type { Description } from '../description.ts';

export const description: Description = {
  name: 'bench',
  summary: 'measure locks on this machine, beside other lockers',
  synopsis: '[OPTION...]',
  text: [
    'Measures how long locks, hand-overs, waits, copies and collections take on this machine and ' +
    'filesystem, on Node, Deno and Bun, in turn with C and with the other lockers that are installed ' +
    '(fs-native-extensions, fs-ext, os-lock, proper-lockfile, flock, bwrap). A short run takes about ' +
    'five minutes.',
  ],
  options: [
    { name: 'full', text: 'measure three times as long, and what takes long as well' },
    { name: 'case', value: 'NAME', text: 'measure this case (more with commas: try,await)' },
    {
      name: 'runtime',
      value: 'NAME',
      text: 'measure on node, deno or bun (more with commas; default: all that are found)',
    },
    { name: 'dir', value: 'DIR', text: 'lock files below DIR (default: temporary files)' },
    { name: 'rounds', value: 'N', text: 'how often each locker has its turn in a case' },
    { name: 'check', text: 'fail when a limit is missed, and name the case' },
    {
      name: 'save',
      value: 'NAME',
      text: 'save the results under NAME, in ~/.local/state/reflock/bench',
    },
    { name: 'show', value: 'NAME', text: 'take the results saved under NAME, and measure nothing' },
    {
      name: 'compare',
      value: 'NAME',
      text:
        'tell what is slower than in the results saved under NAME, and fail if anything is; what ' +
        'seems slower is measured again before',
    },
    {
      name: 'report',
      value: 'FILE',
      text: 'write a page with charts into FILE.html, and the same numbers into FILE.md with the ' +
        'picture FILE.svg; needs the package echarts',
    },
    { name: 'json', text: 'print each result as a line of JSON, with all samples' },
  ],
  statuses: [
    ['0', 'everything was measured'],
    ['1', 'a case could not be measured, a limit was missed, or something became slower'],
    ['64', 'wrong usage; nothing was measured'],
    ['69', 'a directory, runtime, package or saved result is not there'],
    ['128 + N', 'signal N ended it'],
  ],
  example: 'reflock bench --dir /srv/runtimes --report srv',
  operands: [],
};
