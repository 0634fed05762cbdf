import { escape } from '../escape.ts';
import type { Chart, Option, Size } from './chart.ts';

/** Loads the parts of ECharts that the charts need, no sooner than they do: it is large, and optional. */
async function load() {
  try {
    const [core, charts, components, renderers] = await Promise.all([
      import('echarts/core'),
      import('echarts/charts'),
      import('echarts/components'),
      import('echarts/renderers'),
    ]);
    const { LineChart, ScatterChart, CustomChart } = charts;
    const { GridComponent, LegendComponent, TitleComponent } = components;
    core.use([LineChart, ScatterChart, CustomChart, renderers.SVGRenderer]);
    core.use([GridComponent, LegendComponent, TitleComponent]);
    return core;
  } catch (cause) {
    throw new Error('Cannot draw charts: is the package "echarts" installed?', { cause });
  }
}

/** Whether charts can be drawn. */
export async function canDraw(): Promise<boolean> {
  return await load().then(() => true, () => false);
}

/** Draws a chart as SVG, whose colours are what the CSS variables of its page say. */
export async function draw(
  option: Option,
  { width, height }: Size,
  label: string,
): Promise<string> {
  const echarts = await load();
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    chart.setOption({ animation: false, ...option });
    return tidy(chart.renderToSVGString(), label);
  } finally {
    chart.dispose();
  }
}

/** Draws a chart for wide and for narrow pages. */
export async function drawBoth(
  about: Omit<Chart, 'wide' | 'narrow'>,
  option: (size: Size) => Option,
  wide: Size,
  narrow: Size,
): Promise<Chart> {
  return {
    ...about,
    wide: await draw(option(wide), wide, about.label),
    narrow: await draw(option(narrow), narrow, about.label),
  };
}

/** Leaves out what is there for scripts and for pointers, and tells what the picture shows. */
function tidy(svg: string, label: string): string {
  return svg
    .replace(/<style[^]*?<\/style>/g, '')
    .replace(/ (?:class|pointer-events|ecmeta_\w+|baseProfile)="[^"]*"/g, '')
    .replace(/ xmlns:xlink="[^"]*"| xml:space="[^"]*"/g, '')
    // Nothing lies outside its axes, so nothing needs to be clipped.
    .replace(/<defs[^]*?<\/defs>| clip-path="[^"]*"/g, '')
    // A straight line, as in a legend, has nothing to fill.
    .replace(/(<path d="M[\d. -]+L[\d. -]+"[^>]*) fill="#000"/g, '$1 fill="none"')
    .replace(/\s*\n\s*/g, '\n')
    .replace('<svg ', `<svg role="img" aria-label="${escape(label)}" `);
}
