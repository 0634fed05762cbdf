import { type Description, HELP, type Option } from './description.ts';
import { optionText } from './help-text.ts';

/** The manual page reflock(1), in the macros of man(7). */
export function manPage(all: readonly Description[], version: string): string {
  return [
    `.TH REFLOCK 1 "" "reflock ${version}" "User Commands"`,
    '.SH NAME',
    'reflock \\- locks on .ref files, as bwrap, Flatpak and pressure\\-vessel take them',
    '.SH SYNOPSIS',
    ...all.flatMap(({ name, synopsis }, index) => [
      ...(index === 0 ? [] : ['.br']),
      `.B reflock ${name}`,
      plain(synopsis),
    ]),
    '.SH SUBCOMMANDS',
    ...all.flatMap(subcommand),
    '.SH ENVIRONMENT',
    '.TP',
    '.B NO_COLOR',
    'If it is set to anything, nothing is coloured. Otherwise there are colours on a terminal only.',
    '.SH SEE ALSO',
    '.BR bwrap (1),',
    '.BR fcntl (2),',
    '.BR proc_locks (5)',
  ].join('\n') + '\n';
}

function subcommand({ name, synopsis, text, options, statuses, example }: Description): string[] {
  return [
    `.SS reflock ${name} ${plain(synopsis)}`,
    ...text.flatMap((paragraph, index) => [...(index === 0 ? [] : ['.PP']), plain(paragraph)]),
    ...[...options, HELP].flatMap(option),
    '.PP',
    'Exit status:',
    ...statuses.flatMap(([status, meaning]) => ['.TP', `.B ${plain(status)}`, plain(meaning)]),
    '.PP',
    'Example:',
    '.PP',
    '.RS 4',
    '.nf',
    plain(example),
    '.fi',
    '.RE',
  ];
}

function option(one: Option): string[] {
  return ['.TP', `.B ${plain(optionText(one))}`, plain(one.text)];
}

const special: Record<string, string> = {
  '\\': '\\e',
  '-': '\\-',
  '~': '\\(ti',
  '^': '\\(ha',
  '`': '\\(ga',
};

/** In roff some characters stand for others, and a dot or a quote may begin a command. */
function plain(text: string): string {
  return text.replace(/[\\\-~^`]/g, (character) => special[character]!).replace(/^[.']/, '\\&$&');
}
