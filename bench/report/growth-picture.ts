import type { Result } from '../result.ts';
import { FONT } from './charts/axis.ts';
import { textWidth } from './charts/chart.ts';
import { draw } from './charts/draw.ts';
import { curvesOf, growthOption } from './charts/growth.ts';
import { looks } from './charts/style.ts';
import { colour, themeStyle } from './theme.ts';

const CASE = 'many-waits-growth';
const SIZE = { width: 800, height: 420, fontSize: 13 };
/** What a line takes in the legend, beside its name. */
const ICON = 32;

/** Without a box of the colours that suit one theme only. */
const unboxed = { backgroundColor: 'none', borderColor: 'none' };

/**
 * Draws the growth of waits as a file by itself, which suits light and dark pages. Gives nothing where
 * that was not measured.
 */
export async function growthPicture(results: readonly Result[]): Promise<string | undefined> {
  const ofCase = results.filter((result) => result.case === CASE && result.growth.length > 0);
  if (ofCase.length === 0) return undefined;
  const { unit, growth } = ofCase[0]!;
  const series = ofCase.flatMap(({ growth }) => growth.map(({ series }) => series));
  const curves = curvesOf(ofCase, looks(series)).filter(({ growth }) => growth !== undefined);
  const what = growth[0]!.with;
  const names = curves.map(({ name }) => name);
  const legend = ICON + Math.max(...names.map((name) => textWidth(name, SIZE.fontSize)));
  const title = `What each of many ${what} costs`;
  const text = { fontFamily: FONT, fontSize: SIZE.fontSize };
  const option = {
    ...growthOption(curves, unit, what, SIZE, { top: 80, right: legend + 40 }),
    title: {
      text: title,
      subtext: 'From asking to being granted, for each one; both axes are logarithmic',
      left: 12,
      top: 10,
      ...unboxed,
      itemGap: 6,
      textStyle: { ...text, fontSize: 18, fontWeight: 600, color: colour('ink') },
      subtextStyle: { ...text, color: colour('soft') },
    },
    legend: {
      ...unboxed,
      orient: 'vertical',
      left: SIZE.width - legend - 20,
      top: 80,
      itemGap: 12,
      itemWidth: ICON,
      itemHeight: 8,
      selectedMode: false,
      data: names,
      textStyle: { ...text, color: colour('ink') },
    },
  };
  const svg = await draw(option, SIZE, `${title}: ${names.join('; ')}`);
  const paper = `<rect width="100%" height="100%" rx="8" fill="${colour('paper')}"/>`;
  return `${svg.replace('>', `>\n<style>\n${themeStyle()}\n</style>\n${paper}`)}\n`;
}
