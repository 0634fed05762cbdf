import type { RuntimeName } from '../../place.ts';
import { type Colour, colour } from '../theme.ts';

/** How a line or a point looks. */
export interface LineStyle {
  colour: string;
  /** Points that no line joins have none. */
  dash: 'solid' | 'dashed' | 'dotted' | 'none';
  symbol?: 'circle' | 'rect' | 'triangle';
}

/** A runtime has the same dashes and the same shape of points in every chart. */
export const runtimeStyles: Readonly<Record<RuntimeName, Required<LineStyle>>> = {
  node: { colour: colour('node'), dash: 'solid', symbol: 'circle' },
  deno: { colour: colour('deno'), dash: 'dashed', symbol: 'rect' },
  bun: { colour: colour('bun'), dash: 'dotted', symbol: 'triangle' },
};

const PEERS: readonly Colour[] = ['peer-1', 'peer-2', 'peer-3', 'peer-4', 'peer-5', 'peer-6'];

const DASHES = ['solid', 'dashed', 'dotted'] as const;

/**
 * Gives everybody a look: ours have the accent, C the colour of a base line, and the others differ
 * in their colours and in their dashes, for who does not see the colours.
 */
export function looks(names: Iterable<string>): Map<string, LineStyle> {
  const given = new Map<string, LineStyle>();
  let ours = 0;
  let others = 0;
  for (const name of new Set(names)) {
    if (name.startsWith('reflock')) given.set(name, look('accent', ours++));
    else if (name === 'C') given.set(name, look('baseline', 1));
    else {
      // Whoever has the same colour has other dashes.
      const turn = others + Math.floor(others / PEERS.length);
      given.set(name, look(PEERS[others++ % PEERS.length]!, turn));
    }
  }
  return given;
}

function look(name: Colour, turn: number): LineStyle {
  return { colour: colour(name), dash: DASHES[turn % DASHES.length]! };
}

/** A series of the same colour and dashes; without animation and without reacting to a pointer. */
export function lineSeries({ colour, dash, symbol }: LineStyle, width: number) {
  return {
    type: 'line',
    silent: true,
    clip: false,
    emphasis: { disabled: true },
    showSymbol: symbol !== undefined,
    ...symbol && { symbol, symbolSize: width * 3.5 },
    lineStyle: { color: colour, type: dash, width },
    itemStyle: { color: colour },
  };
}
