import type { Description } from '../description.ts';

export const description: Description = {
  name: 'completion',
  summary: 'print what a shell needs to complete command lines',
  synopsis: 'bash|zsh|fish',
  text: [
    'Prints a script by which a shell completes the subcommands and options of reflock. For bash, ' +
    'source it in ~/.bashrc: source <(reflock completion bash). For zsh, write it to a file ' +
    '_reflock in a directory of $fpath. For fish, write it to ' +
    '~/.config/fish/completions/reflock.fish.',
  ],
  options: [],
  statuses: [['0', 'it was printed'], ['64', 'wrong usage']],
  example: 'reflock completion fish > ~/.config/fish/completions/reflock.fish',
  operands: ['bash', 'zsh', 'fish'],
};
