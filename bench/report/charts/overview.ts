import type { RuntimeName } from '../../place.ts';
import type { Result } from '../../result.ts';
import { type Match, matches } from '../tables/peers.ts';
import { RUNTIMES, runtimesOf } from '../tables/table.ts';
import { colour } from '../theme.ts';
import { FONT, logAxis } from './axis.ts';
import { type Chart, type Option, type Size, textWidth } from './chart.ts';
import { drawBoth } from './draw.ts';
import { lineSeries, type LineStyle, runtimeStyles } from './style.ts';
import { plain, rangeOf, roundTicks } from './ticks.ts';

const LABEL = 'How the times of reflock compare with those of each peer';
const CAPTION =
  'The time of reflock by the time of each peer, on a logarithmic axis. Left of the ' +
  'line at 1 reflock is faster, right of it the peer is.';

/** Draws how reflock compares with everybody in every case that is about time. */
export async function overviewChart(results: readonly Result[]): Promise<Chart[]> {
  const all = matches(results).filter(({ comparison: { median } }) =>
    median > 0 && median < Infinity
  );
  if (all.length === 0) return [];
  const runtimes = runtimesOf(results);
  const legend = runtimes.map((one) => ({ text: RUNTIMES[one], style: pointStyle(one) }));
  const rows = rowsOf(all);
  const size = (width: number, perRow: number, fontSize: number): Size => ({
    width,
    height: rows.length * perRow + 3 * fontSize,
    fontSize,
  });
  // A narrow chart has its labels above the points, for beside them there is no room.
  return [
    await drawBoth(
      { table: 'peers', label: LABEL, caption: CAPTION, legend },
      (size) => overviewOption(rows, runtimes, size),
      size(1000, 30, 14),
      size(340, 46, 12),
    ),
  ];
}

/** A line of the chart: the heading of a case, or one of those that reflock is compared with. */
interface Row {
  text: string;
  matches?: Match[];
}

function rowsOf(all: readonly Match[]): Row[] {
  return [...new Set(all.map(({ at }) => at))].flatMap((at) => {
    const here = all.filter((one) => one.at === at);
    const peers = [...new Set(here.map(({ peer }) => peer))];
    return [
      { text: at },
      ...peers.map((peer) => ({ text: peer, matches: here.filter((one) => one.peer === peer) })),
    ];
  });
}

/** Points have no line that joins them. */
function pointStyle(runtime: RuntimeName): LineStyle {
  return { ...runtimeStyles[runtime], dash: 'none' };
}

function overviewOption(
  rows: readonly Row[],
  runtimes: readonly RuntimeName[],
  { width, fontSize }: Size,
): Option {
  const isWide = width > 500;
  const widest = Math.max(...rows.map(({ text }) => textWidth(text, fontSize)));
  const ratios = rows.flatMap(({ matches = [] }) => matches.map((one) => one.comparison.median));
  const range = rangeOf([...ratios, 0.5, 2]);
  // A label that stands at the end of the axis goes beyond it.
  const half = Math.max(...range.map((value) => textWidth(ratioText(value), fontSize))) / 2;
  const left = isWide ? widest + 3 * fontSize : Math.max(fontSize, half);
  const right = Math.max(2 * fontSize, half);
  const across = { range, length: width - left - right, fontSize, tell: ratioText };
  return {
    grid: { left, right, top: fontSize * 2, bottom: fontSize / 2, outerBoundsMode: 'none' },
    xAxis: { ...logAxis({ ...across, ticks: roundTicks(across) }), position: 'top' },
    yAxis: {
      type: 'value',
      min: 0,
      max: rows.length,
      inverse: true,
      axisLine: { show: false },
      axisTick: { show: false },
      splitLine: { show: false },
      axisLabel: nameLabels(rows, left, fontSize, isWide),
    },
    series: [unity(rows.length), ...runtimes.map((runtime) => points(rows, runtime))],
  };
}

/** The names beside the points, or above them and before the lines that they cross. */
function nameLabels(rows: readonly Row[], left: number, fontSize: number, isWide: boolean): Option {
  const text = { fontFamily: FONT, fontSize, ...!isWide && { backgroundColor: colour('paper') } };
  return {
    customValues: rows.map(({ matches }, index) => index + (isWide || !matches ? 0.5 : 0.05)),
    formatter: (at: number) => {
      const { text = '', matches } = rows[Math.floor(at)] ?? {};
      return `{${matches ? 'peer' : 'case'}|${text}}`;
    },
    align: 'left',
    hideOverlap: false,
    ...isWide ? { margin: left } : { inside: true, margin: 0 },
    rich: {
      case: { ...text, color: colour('ink'), fontWeight: 600 },
      peer: { ...text, color: colour('soft'), padding: [0, 0, 0, isWide ? fontSize : 0] },
    },
  };
}

/** The line where both take the same time. */
function unity(rows: number): Option {
  return {
    ...lineSeries({ colour: colour('ink'), dash: 'solid' }, 1),
    data: [[1, 0], [1, rows]],
    z: 0,
  };
}

/** The points of a runtime, a little above or below those of the others. */
function points(rows: readonly Row[], runtime: RuntimeName): Option {
  const { colour, symbol } = runtimeStyles[runtime];
  const offset = Object.keys(runtimeStyles).indexOf(runtime) - 1;
  return {
    type: 'scatter',
    silent: true,
    clip: false,
    symbol,
    symbolSize: 8,
    symbolOffset: [0, 7 * offset],
    itemStyle: { color: colour, opacity: 1 },
    data: rows.flatMap(({ matches = [] }, index) =>
      matches.filter((one) => one.runtime === runtime)
        .map(({ comparison }) => [comparison.median, index + 0.5])
    ),
  };
}

function ratioText(value: number): string {
  return `× ${plain(value)}`;
}
