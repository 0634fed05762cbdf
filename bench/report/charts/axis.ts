import { colour } from '../theme.ts';
import type { Option } from './chart.ts';
import type { Range } from './ticks.ts';

/** The font of every chart. */
export const FONT = 'system-ui, sans-serif';

/** What an axis is to show. */
export interface Axis {
  range: Range;
  /** The values that have a line and a label. */
  ticks: readonly number[];
  tell: (value: number) => string;
  fontSize: number;
  name?: string;
}

/** A logarithmic axis with exactly these ticks. */
export function logAxis({ range, ticks, tell, fontSize, name }: Axis): Option {
  return {
    type: 'log',
    min: range[0],
    max: range[1],
    ...look(ticks, tell, fontSize, name),
  };
}

/** A linear axis with exactly these ticks. */
export function linearAxis({ range, ticks, tell, fontSize, name }: Axis): Option {
  return {
    type: 'value',
    min: range[0],
    max: range[1],
    ...look(ticks, tell, fontSize, name),
  };
}

/** Each colour is told, since what is not told is a grey that suits one theme only. */
function look(
  ticks: readonly number[],
  tell: (value: number) => string,
  fontSize: number,
  name = '',
): Option {
  return {
    name,
    nameLocation: 'middle',
    nameGap: fontSize * 1.4,
    nameTextStyle: { color: colour('soft'), fontFamily: FONT, fontSize, verticalAlign: 'top' },
    axisLine: { show: true, lineStyle: { color: colour('soft') } },
    axisTick: { show: false, customValues: ticks },
    minorTick: { show: false },
    axisLabel: {
      customValues: ticks,
      formatter: tell,
      color: colour('soft'),
      fontFamily: FONT,
      fontSize,
      hideOverlap: false,
    },
    splitLine: { show: true, lineStyle: { color: colour('line') } },
    minorSplitLine: { show: false },
  };
}
