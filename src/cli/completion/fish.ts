import { type Description, HELP, spellings } from '../description.ts';
import { valueKind } from './value-kind.ts';

/** A script for fish. */
export function fishScript(all: readonly Description[]): string {
  const lines = all.flatMap((description) => [
    `complete -c reflock -n __fish_use_subcommand -a ${description.name} -d ` +
    quote(description.summary),
    ...optionsOf(description),
  ]);
  return `# fish completion for reflock

complete -c reflock -f
complete -c reflock -n __fish_use_subcommand -l help -d 'show the subcommands'
complete -c reflock -n __fish_use_subcommand -l version -d 'show the version'
${lines.join('\n')}
`;
}

function optionsOf({ name, options, operands }: Description): string[] {
  const here = `complete -c reflock -n '__fish_seen_subcommand_from ${name}'`;
  const action = {
    none: '',
    files: ' -r -F',
    directories: ` -x -a '(__fish_complete_directories)'`,
    anything: ' -x',
  };
  return [
    ...[...options, HELP].flatMap((option) =>
      spellings(option).map((word) =>
        `${here} -l ${word.slice('--'.length)}${action[valueKind(option)]} -d ${quote(option.text)}`
      )
    ),
    ...operandsOf(operands).map((rest) => `${here} ${rest}`),
  ];
}

function operandsOf(operands: Description['operands']): string[] {
  if (operands === 'command') return [`-a '(__fish_complete_subcommand)'`];
  if (operands === 'files') return ['-F'];
  if (operands === 'directories') return [`-a '(__fish_complete_directories)'`];
  return operands.length === 0 ? [] : [`-a ${quote(operands.join(' '))}`];
}

function quote(text: string): string {
  return `'${text.replaceAll(/['\\]/g, '\\$&')}'`;
}
