import type { Result } from '../../result.ts';
import type { Chart } from './chart.ts';
import { distributionCharts } from './distribution.ts';
import { growthCharts } from './growth.ts';
import { overviewChart } from './overview.ts';
import { looks } from './style.ts';

/** Draws every chart of the report. Whoever is in several of them looks the same in all. */
export async function charts(results: readonly Result[]): Promise<Chart[]> {
  const given = looks(
    results.flatMap(({ contenders }) =>
      contenders.flatMap((one) => 'absent' in one ? [] : [one.at?.series ?? one.name])
    ),
  );
  const drawn = await Promise.all([
    overviewChart(results),
    growthCharts(results, given),
    distributionCharts(results, given),
  ]);
  return drawn.flat();
}
