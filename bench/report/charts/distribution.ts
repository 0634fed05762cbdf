import { quantileSorted } from 'simple-statistics';
import type { RuntimeName } from '../../place.ts';
import type { Result } from '../../result.ts';
import { byCase, identifier, RUNTIMES } from '../tables/table.ts';
import { linearAxis, logAxis } from './axis.ts';
import { type Chart, type Option, type Size, textWidth } from './chart.ts';
import { drawBoth } from './draw.ts';
import { lineSeries, type LineStyle } from './style.ts';
import { rangeOf, roundTicks, tickText } from './ticks.ts';

/** Fewer samples make no curve. */
const ENOUGH = 20;
/** Points of a line. */
const POINTS = 200;

/** The samples of a contender on a runtime: what share of them, in percent, is at most a value. */
interface Line {
  name: string;
  style: LineStyle;
  points: [value: number, share: number][];
}

/** Draws how samples are distributed, for each case of times whose rare long ones are of interest. */
export function distributionCharts(
  results: readonly Result[],
  looks: ReadonlyMap<string, LineStyle>,
): Promise<Chart[]> {
  const spread = results.filter(({ unit, own }) =>
    unit === 'nanoseconds' && own.some(({ of }) => of !== 'median')
  );
  const charts = [...byCase(spread)].flatMap(([name, ofCase]) => {
    const lines = linesOf(ofCase, looks);
    const runtimes = [...lines].filter(([, ofRuntime]) => ofRuntime.length > 0);
    if (runtimes.length === 0) return [];
    const styles = new Map([...lines.values()].flat().map(({ name, style }) => [name, style]));
    return drawBoth(
      {
        table: identifier('case', name),
        label: `Distribution of ${name}: ${ofCase[0]!.title}`,
        caption: 'What share of all samples took no longer than a time. The axis of times is ' +
          'logarithmic.',
        legend: [...styles].map(([text, style]) => ({ text, style })),
      },
      (size) => distributionOption(runtimes, size),
      { width: 1000, height: 360, fontSize: 14 },
      { width: 340, height: 240 * runtimes.length, fontSize: 12 },
    );
  });
  return Promise.all(charts);
}

function linesOf(
  results: readonly Result[],
  looks: ReadonlyMap<string, LineStyle>,
): Map<RuntimeName, Line[]> {
  return new Map(results.map(({ runtime, contenders }) => [
    runtime,
    contenders.flatMap((contender) => {
      // What has a place on a growth curve is shown there.
      if ('absent' in contender || contender.at !== undefined) return [];
      const { name } = contender;
      const samples = contender.samples.flat().filter((one) => one > 0).sort((a, b) => a - b);
      if (samples.length < ENOUGH) return [];
      return { name, style: looks.get(name)!, points: shares(samples) };
    }),
  ]));
}

function shares(sorted: number[]): [number, number][] {
  return Array.from({ length: POINTS + 1 }, (_, index) => {
    const share = index / POINTS;
    return [quantileSorted(sorted, share), 100 * share];
  });
}

/** One chart for each runtime with the same axes: side by side if they have room, or one above the other. */
function distributionOption(
  runtimes: readonly (readonly [RuntimeName, Line[]])[],
  { width, height, fontSize }: Size,
): Option {
  const isWide = width > 500;
  const columns = isWide ? runtimes.length : 1;
  const rows = isWide ? 1 : runtimes.length;
  const left = textWidth('100 %', fontSize) + 12;
  const right = fontSize * 2;
  const [top, bottom] = [fontSize, fontSize * 3.6];
  const plotWidth = width / columns - left - right;
  const plotHeight = height / rows - top - bottom;
  const all = runtimes.flatMap(([, lines]) => lines.flatMap(({ points }) => points));
  const range = rangeOf(all.map(([value]) => value));
  const tell = (value: number): string => tickText(value, 'nanoseconds');
  const ticks = roundTicks({ range, length: plotWidth, fontSize, tell });
  return {
    grid: runtimes.map((_, index) => ({
      left: left + (isWide ? index * width / columns : 0),
      top: top + (isWide ? 0 : index * height / rows),
      width: plotWidth,
      height: plotHeight,
      outerBoundsMode: 'none',
    })),
    xAxis: runtimes.map(([runtime], gridIndex) => ({
      ...logAxis({ range, ticks, tell, fontSize, name: RUNTIMES[runtime] }),
      gridIndex,
    })),
    yAxis: runtimes.map((_, gridIndex) => ({
      ...linearAxis({ range: [0, 100], ticks: [0, 25, 50, 75, 100], tell: percent, fontSize }),
      gridIndex,
    })),
    series: runtimes.flatMap(([, lines], index) =>
      lines.map(({ style, points }) => ({
        ...lineSeries(style, 2),
        xAxisIndex: index,
        yAxisIndex: index,
        data: points,
      }))
    ),
  };
}

function percent(share: number): string {
  return `${share} %`;
}
