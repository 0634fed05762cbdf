import { type Description, HELP, type Option, spellings } from './description.ts';
import { wrap } from './wrap.ts';

/** As wide as the narrowest terminal that people use, less its last column. */
const WIDTH = 79;
/** Where a table's second column begins at the most. */
const INDENT = 26;

/** The text of `reflock SUBCOMMAND --help`. */
export function helpText(description: Description): string {
  const { name, synopsis, text, options, statuses, example } = description;
  const optionRows = [...options, HELP].map((option) => [optionText(option), option.text] as const);
  return [
    paragraph(`usage: reflock ${name} ${synopsis}`),
    ...text.map(paragraph),
    table(optionRows),
    `exit status:\n${table(statuses)}`,
    `example: ${example}`,
  ].join('\n\n') + '\n';
}

/** The text of `reflock --help`. */
export function overviewText(all: readonly Description[]): string {
  return [
    'usage: reflock SUBCOMMAND [OPTION...]',
    'Locks on .ref files, as bwrap, Flatpak and pressure-vessel take them.',
    table(all.map(({ name, summary }) => [name, summary])),
    table([
      ['--help', 'show this, or after a subcommand more about it'],
      ['--version', 'show the version'],
    ]),
    'example: reflock use ~/runtimes/sniper -- ls ~/runtimes/sniper/files',
  ].join('\n\n') + '\n';
}

/** `--create, --no-create`, or `--timeout SECONDS`. */
export function optionText(option: Option): string {
  const { value } = option;
  return `${spellings(option).join(', ')}${value === undefined ? '' : ` ${value}`}`;
}

/** Two columns, of which the second one is wrapped. */
function table(rows: readonly (readonly [string, string])[]): string {
  const longest = Math.max(...rows.map(([first]) => first.length));
  const column = Math.min(longest + 4, INDENT);
  return rows.map(([first, second]) => {
    const begin = `  ${first}`;
    const indent = ' '.repeat(column);
    const text = wrap(second, WIDTH - column).join(`\n${indent}`);
    return begin.length + 2 > column
      ? `${begin}\n${indent}${text}`
      : `${begin.padEnd(column)}${text}`;
  }).join('\n');
}

function paragraph(text: string): string {
  return wrap(text, WIDTH).join('\n');
}
