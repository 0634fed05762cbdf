import type { RuntimeName } from '../../place.ts';
import type { GrowthResult, Result } from '../../result.ts';
import type { Unit } from '../../unit.ts';
import { sentence } from '../words.ts';
import { byCase, identifier, RUNTIMES } from '../tables/table.ts';
import { logAxis } from './axis.ts';
import { type Chart, type LegendEntry, type Option, type Size, textWidth } from './chart.ts';
import { drawBoth } from './draw.ts';
import { lineSeries, type LineStyle, runtimeStyles } from './style.ts';
import { plain, rangeOf, roundTicks, tickText, withRoom } from './ticks.ts';

const WIDE: Size = { width: 1000, height: 440, fontSize: 14 };
const NARROW: Size = { width: 340, height: 300, fontSize: 12 };

/** A growth curve: what each of so many costs. */
export interface Curve {
  name: string;
  series: string;
  style: LineStyle;
  points: { size: number; median: number; mad: number }[];
  growth: GrowthResult | undefined;
}

/** Draws the growth curves of each case that has some. */
export function growthCharts(
  results: readonly Result[],
  looks: ReadonlyMap<string, LineStyle>,
): Promise<Chart[]> {
  const grown = results.filter(({ growth }) => growth.length > 0);
  return Promise.all(
    [...byCase(grown)].map(([name, ofCase]) => {
      const { title, unit, growth } = ofCase[0]!;
      const what = growth[0]!.with;
      const curves = curvesOf(ofCase, looks);
      const about = {
        table: identifier('growth', name),
        label: `Growth of ${name} by ${what}: ${title}`,
        caption: `${sentence(title)} Both axes are logarithmic; a bar is the median absolute ` +
          'deviation.',
        legend: curves.map(legendEntry),
      };
      return drawBoth(about, (size) => growthOption(curves, unit, what, size), WIDE, NARROW);
    }),
  );
}

/** Every curve of a case: those of a series have one colour, those of a runtime the same dashes. */
export function curvesOf(
  results: readonly Result[],
  looks: ReadonlyMap<string, LineStyle>,
): Curve[] {
  const curves: Curve[] = [];
  for (const { runtime, contenders, growth } of results) {
    for (const contender of contenders) {
      if ('absent' in contender || contender.at === undefined) continue;
      const { at: { series, size }, median, mad } = contender;
      const name = curveName(series, runtime);
      let curve = curves.find((one) => one.name === name);
      if (curve === undefined) {
        const style = { ...runtimeStyles[runtime], colour: looks.get(series)!.colour };
        const fitted = growth.find((one) => one.series === series);
        curves.push(curve = { name, series, style, points: [], growth: fitted });
      }
      curve.points.push({ size, median, mad });
    }
  }
  for (const { points } of curves) points.sort((a, b) => a.size - b.size);
  const order = [...new Set(curves.map(({ series }) => series))];
  const rank = ({ series }: Curve): number =>
    series.startsWith('reflock') ? -1 : order.indexOf(series);
  return curves.sort((a, b) => rank(a) - rank(b));
}

function curveName(series: string, runtime: RuntimeName): string {
  return `${series}, ${RUNTIMES[runtime]}`;
}

function legendEntry({ name, style, growth }: Curve): LegendEntry {
  const isFitted = growth !== undefined && Number.isFinite(growth.median);
  return { text: isFitted ? `${name}: exponent ${growth.median.toFixed(2)}` : name, style };
}

/** Makes the chart of growth curves. `grid` says what room is left beside it. */
export function growthOption(
  curves: readonly Curve[],
  unit: Unit,
  what: string,
  { width, height, fontSize }: Size,
  grid: { top?: number; right?: number } = {},
): Option {
  const points = curves.flatMap(({ points }) => points);
  const times = rangeOf(points.flatMap(({ median, mad }) => [median - mad, median, median + mad]));
  const sizes = rangeOf(points.map(({ size }) => size));
  const tell = (value: number): string => tickText(value, unit);
  const { top = fontSize, right = fontSize * 2 } = grid;
  const bottom = fontSize * 3.6;
  // Labels above each other need a height, which is that of a short text on its side.
  const upright = { range: times, length: height - top - bottom, fontSize, tell: () => '||' };
  const yTicks = roundTicks(upright);
  const left = Math.max(...yTicks.map((tick) => textWidth(tell(tick), fontSize))) + 12;
  const known = [...new Set(points.map(({ size }) => size))].sort((a, b) => a - b);
  const across = { range: sizes, length: width - left - right, fontSize, tell: plain };
  return {
    grid: { left, right, top, bottom, outerBoundsMode: 'none' },
    xAxis: logAxis({ ...across, ticks: withRoom(known, across), name: what }),
    yAxis: logAxis({ ...upright, ticks: yTicks, tell }),
    series: curves.flatMap((curve) => [deviations(curve, times[0]), line(curve)]),
  };
}

function line({ name, style, points }: Curve): Option {
  return {
    ...lineSeries(style, 2),
    name,
    data: points.map(({ size, median }) => [size, median]),
  };
}

/** A bar at each point, from the median less its deviation to the median and its deviation. */
function deviations({ style, points }: Curve, least: number): Option {
  return {
    type: 'custom',
    silent: true,
    clip: false,
    data: points.map(({ size, median, mad }) => [
      size,
      Math.max(least, median - mad),
      median + mad,
    ]),
    encode: { x: 0, y: [1, 2] },
    renderItem: (_: unknown, api: BarApi) => {
      const [x, y1] = api.coord([api.value(0), api.value(1)]);
      const [, y2] = api.coord([api.value(0), api.value(2)]);
      return {
        type: 'line',
        shape: { x1: x, y1, x2: x, y2 },
        style: { fill: 'none', stroke: style.colour, lineWidth: 5, opacity: 0.3 },
      };
    },
  };
}

/** What ECharts gives to the function that draws an item. */
interface BarApi {
  value(dimension: number): number;
  coord(point: number[]): [number, number];
}
