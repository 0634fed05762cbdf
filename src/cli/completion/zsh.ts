import { type Description, HELP, type Option, spellings } from '../description.ts';
import { valueKind } from './value-kind.ts';

/** A script for zsh's own system of completion. */
export function zshScript(all: readonly Description[]): string {
  return `#compdef reflock

_reflock() {
  local state line
  local -a subcommands=(
${all.map(({ name, summary }) => `    ${quote(`${name}:${summary}`)}`).join('\n')}
  )
  _arguments -C '--help[show the subcommands]' '--version[show the version]' \\
    '1:subcommand:->subcommand' '*::argument:->argument'
  case $state in
    subcommand) _describe subcommand subcommands ;;
    argument)
      case $words[1] in
${all.map(branch).join('\n')}
      esac ;;
  esac
}

_reflock "$@"
`;
}

function branch({ name, options, operands }: Description): string {
  const all = [...options, HELP].flatMap(specification);
  const lines = [...all, operandsOf(operands)].filter((line) => line !== '');
  return `        ${name})
          _arguments -S -A '-*' \\
${lines.map((line) => `            ${quote(line)}`).join(' \\\n')} ;;`;
}

/** An option may be given again: that is for the program to judge. */
function specification(option: Option): string[] {
  const text = option.text.replaceAll(/[[\]:\\]/g, '\\$&');
  const action = { none: '', files: ':file:_files', directories: ':directory:_files -/' };
  const kind = valueKind(option);
  const value = kind === 'anything' ? `:${option.value}: ` : action[kind];
  return spellings(option).map((name) => `*${name}${value === '' ? '' : '='}[${text}]${value}`);
}

function operandsOf(operands: Description['operands']): string {
  if (operands === 'command') return '*::command:_normal';
  if (operands === 'files') return '*:file:_files';
  if (operands === 'directories') return '*:directory:_files -/';
  return operands.length === 0 ? '' : `1:word:(${operands.join(' ')})`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
