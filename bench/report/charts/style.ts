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

/** Gives everybody a colour: ours is the accent, C's that of a base line, the others' differ. */
export function colours(names: Iterable<string>): Map<string, string> {
  const given = new Map<string, string>();
  let peers = 0;
  for (const name of new Set(names)) {
    const own = name.startsWith('reflock') ? 'accent' : name === 'C' ? 'baseline' : undefined;
    given.set(name, colour(own ?? PEERS[peers++ % PEERS.length]!));
  }
  return given;
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
