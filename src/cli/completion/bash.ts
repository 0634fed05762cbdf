import { type Description, HELP, type Option, spellings } from '../description.ts';
import { valueKind } from './value-kind.ts';

/** A script for bash 4, with or without the package bash-completion. */
export function bashScript(all: readonly Description[]): string {
  return `# bash completion for reflock

_reflock() {
  local cur=\${COMP_WORDS[COMP_CWORD]} word i=2
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W '${names(all)} --help --version' -- "$cur"))
    return
  fi
  case \${COMP_WORDS[1]} in
${all.map(branch).join('\n')}
  esac
}

# Completes the value of an option that stands before the cursor.
_reflock_value() {
  case $1 in
    files) compopt -o filenames; COMPREPLY=($(compgen -f -- "$cur")) ;;
    directories) compopt -o filenames; COMPREPLY=($(compgen -d -- "$cur")) ;;
  esac
}

complete -F _reflock reflock
`;
}

function names(all: readonly Description[]): string {
  return all.map(({ name }) => name).join(' ');
}

function branch({ name, options, operands }: Description): string {
  const known = [...options, HELP];
  const withValue = known.filter(({ value }) => value !== undefined);
  const words = known.flatMap(spellings).join(' ');
  return `    ${name})
      # Options end at the first word that is none.
      while ((i < COMP_CWORD)); do
        word=\${COMP_WORDS[i]}
        case $word in
${withValue.map(valueBranch).join('\n')}${
    withValue.length > 0 ? '\n' : ''
  }          --) ((i++)); break ;;
          -*) ;;
          *) break ;;
        esac
        ((i++))
      done
      if ((i >= COMP_CWORD)) && [[ $cur == -* && \${COMP_WORDS[COMP_CWORD - 1]} != -- ]]; then
        COMPREPLY=($(compgen -W '${words}' -- "$cur"))
        return
      fi
      ${operandsOf(operands)} ;;`;
}

function valueBranch(option: Option): string {
  const pattern = spellings(option).join('|');
  return `          ${pattern})
            ((++i == COMP_CWORD)) && { _reflock_value ${valueKind(option)}; return; } ;;`;
}

function operandsOf(operands: Description['operands']): string {
  if (operands === 'files' || operands === 'directories') return `_reflock_value ${operands}`;
  if (operands !== 'command') {
    return `COMPREPLY=($(compgen -W '${operands.join(' ')}' -- "$cur"))`;
  }
  return `if declare -F _command_offset >/dev/null; then _command_offset $i
      elif ((i == COMP_CWORD)); then COMPREPLY=($(compgen -c -- "$cur"))
      else _reflock_value files
      fi`;
}
