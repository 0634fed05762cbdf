import { colorsFor } from './colors.ts';
import { Failure, OK, USAGE } from './failure.ts';
import type { Line } from './line.ts';
import { print } from './print.ts';
import type { CommandLine } from './read-options.ts';
import { findFiles } from './status/find-files.ts';
import { report, type StatusReport } from './status/report.ts';
import { statusLines } from './status/text.ts';
import { type Picture, watchInLines, watchOnTerminal } from './status/watch.ts';

export { description } from './descriptions/status.ts';

/** Tells who holds and who waits for locks. */
export async function main({ options, operands }: CommandLine): Promise<number> {
  const given = new Set(options.map(({ name }) => name));
  const [json, watch] = [given.has('json'), given.has('watch')];
  const { stdout } = process;
  if (watch && !json && !stdout.isTTY) {
    throw new Failure(USAGE, 'The option "--watch" needs a terminal, or goes with "--json"');
  }
  const paths = operands.length > 0 ? operands : ['.'];
  const look = async (): Promise<StatusReport> => report(await findFiles(paths));
  let last = await look();
  const colors = colorsFor(stdout);
  const lines = (): readonly Line[] => {
    if (json) return [JSON.stringify(last)];
    const size = stdout.isTTY
      ? { columns: stdout.columns, rows: watch ? stdout.rows : Infinity }
      : undefined;
    return statusLines(last, { colors, size });
  };
  if (!watch) {
    print(lines());
    return OK;
  }
  const picture: Picture = { renew: async () => void (last = await look()), lines };
  return await (json ? watchInLines(picture) : watchOnTerminal(picture));
}
