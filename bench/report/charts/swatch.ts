import type { LineStyle } from './style.ts';

const DASHES = { solid: '', dashed: '6 3', dotted: '2 3' } as const;

const SYMBOLS = {
  circle: '<circle cx="16" cy="6" r="4"/>',
  rect: '<rect x="12.5" y="2.5" width="7" height="7"/>',
  triangle: '<path d="M16 1.5 20.5 10H11.5Z"/>',
} as const;

/** Draws a line or a point as a chart does, for the legend beside it. */
export function swatch({ colour, dash, symbol }: LineStyle): string {
  const stroke = dash === 'none'
    ? ''
    : `<path d="M1 6H31" stroke="${colour}" stroke-width="2" stroke-dasharray="${DASHES[dash]}"/>`;
  const point = symbol === undefined ? '' : SYMBOLS[symbol];
  return '<svg class="swatch" viewBox="0 0 32 12" width="32" height="12" aria-hidden="true" ' +
    `fill="${colour}">${stroke}${point}</svg>`;
}
