import { accessSync, constants, writeFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { canDraw } from '../../../bench/report/charts/draw.ts';
import { growthPicture } from '../../../bench/report/growth-picture.ts';
import { htmlReport } from '../../../bench/report/html.ts';
import { markdownReport } from '../../../bench/report/markdown.ts';
import type { Result } from '../../../bench/result.ts';
import { quote } from '../../lock/printable.ts';
import { Failure, UNAVAILABLE } from '../failure.ts';

/** Where results are written for people who were not there. */
export interface Page {
  /** Writes the page with charts, and the same in Markdown, with a picture if waits were counted. */
  write(results: readonly Result[]): Promise<void>;
}

/**
 * Makes sure that a report can be written, before minutes are spent on what it is about.
 *
 * @throws {Failure} 69 when its directory cannot be written to, and without the package `echarts`.
 */
export async function preparePage(file: string): Promise<Page> {
  const path = resolve(file.replace(/\.(html|md)$/, ''));
  const action = `Cannot write the report ${quote(`${path}.html`)}`;
  try {
    accessSync(dirname(path), constants.W_OK);
  } catch (error) {
    throw new Failure(UNAVAILABLE, `${action}: ${(error as Error).message}`, { cause: error });
  }
  if (!await canDraw()) {
    throw new Failure(UNAVAILABLE, `${action}: its charts need a package, npm install echarts`);
  }
  return {
    async write(results) {
      writeFileSync(`${path}.html`, await htmlReport(results));
      const picture = await growthPicture(results);
      if (picture !== undefined) writeFileSync(`${path}.svg`, picture);
      const name = picture === undefined ? undefined : `${basename(path)}.svg`;
      writeFileSync(`${path}.md`, markdownReport(results, name));
    },
  };
}
