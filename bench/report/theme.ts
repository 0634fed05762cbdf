/** The colours of a theme, by the names of their CSS variables. */
export type Theme = Readonly<Record<Colour, string>>;

/** What has a colour of its own. */
export type Colour =
  | 'paper'
  | 'ink'
  | 'soft'
  | 'line'
  | 'accent'
  | 'missed'
  | 'baseline'
  | `peer-${1 | 2 | 3 | 4 | 5 | 6}`
  | 'node'
  | 'deno'
  | 'bun';

/** Every colour stands out from `paper` by 4.5 : 1 at least, but for the lines of tables and axes. */
export const light: Theme = {
  paper: '#fdfcfa',
  ink: '#1c2126',
  soft: '#58616b',
  line: '#e2dfd8',
  accent: '#00696f',
  missed: '#b3261e',
  baseline: '#5f6670',
  'peer-1': '#a84a00',
  'peer-2': '#6f42b8',
  'peer-3': '#b02468',
  'peer-4': '#2463bd',
  'peer-5': '#6b6a00',
  'peer-6': '#875035',
  node: '#2e7a2f',
  deno: '#2463bd',
  bun: '#b02468',
};

/** The same on a dark page. */
export const dark: Theme = {
  paper: '#14181b',
  ink: '#e8e6e1',
  soft: '#a3abb3',
  line: '#2f363c',
  accent: '#55cdd2',
  missed: '#ff8a80',
  baseline: '#a9b1ba',
  'peer-1': '#f2a25c',
  'peer-2': '#bfa2f7',
  'peer-3': '#f58cb8',
  'peer-4': '#86b4ff',
  'peer-5': '#c9c751',
  'peer-6': '#d3a78d',
  node: '#7cc77d',
  deno: '#86b4ff',
  bun: '#f58cb8',
};

/** The value of an attribute that takes a colour from the theme. */
export function colour(name: Colour): string {
  return `var(--${name})`;
}

/** The style sheet that gives the colours of the theme that the reader prefers. */
export function themeStyle(): string {
  return `:root{color-scheme:light dark;${variables(light)}}\n` +
    `@media (prefers-color-scheme:dark){:root{${variables(dark)}}}`;
}

function variables(theme: Theme): string {
  return Object.entries(theme).map(([name, value]) => `--${name}:${value}`).join(';');
}
