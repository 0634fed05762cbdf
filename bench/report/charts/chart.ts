import type { LineStyle } from './style.ts';

/** A chart, drawn for wide pages and for narrow ones. */
export interface Chart {
  /** The table that it stands before. */
  table: string;
  /** What it shows, for who does not see it. */
  label: string;
  /** How to read it. */
  caption: string;
  wide: string;
  narrow: string;
  /** What its lines and points stand for. */
  legend: readonly LegendEntry[];
}

/** What a line or a point stands for. */
export interface LegendEntry {
  text: string;
  style: LineStyle;
}

/** How large a chart is, in CSS pixels, and what follows from that. */
export interface Size {
  width: number;
  height: number;
  fontSize: number;
}

/** What a chart is drawn with. */
export type Option = Record<string, unknown>;

/** The width of text in pixels, and rather too much than too little: fonts differ. */
export function textWidth(text: string, fontSize: number): number {
  return text.length * fontSize * 0.62;
}
