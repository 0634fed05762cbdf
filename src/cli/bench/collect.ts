import { isatty } from 'node:tty';
import type { Unmeasured } from '../../../bench/measure-all.ts';
import { caseText, headText } from '../../../bench/report/terminal.ts';
import type { Result } from '../../../bench/result.ts';
import type { Saving } from '../../../bench/saved.ts';
import { linesOf } from '../line.ts';
import { print } from '../print.ts';
import { CLEARED_LINE } from '../rewritten-line.ts';
import { draw, say } from '../say.ts';
import { withProgress } from '../with-progress.ts';

/** What to do with results beside collecting them. */
export interface Collecting {
  readonly output: 'text' | 'json';
  readonly saving: Saving | undefined;
  /** How many there will be, if they take their time. */
  readonly total: number;
  readonly signal: AbortSignal;
}

/** All results, and whether there should be more. */
export interface Collected {
  readonly results: Result[];
  readonly failed: boolean;
}

/** Takes results one by one, saves each, and tells of a case as soon as all runtimes have had it. */
export function collect(
  source: AsyncIterable<Result | Unmeasured> | Iterable<Result>,
  { output, saving, total, signal }: Collecting,
): Promise<Collected> {
  return withProgress(
    { work: 'bench', unit: 'measurements', output },
    signal,
    async (onProgress) => {
      const results: Result[] = [];
      let failed = false;
      let ofCase: Result[] = [];
      let done = 0;
      const tellCase = (): void => {
        if (ofCase.length > 0) tell(`${caseText(ofCase)}\n`);
        ofCase = [];
      };
      onProgress?.({ done, total });
      for await (const one of source) {
        if (ofCase[0]?.case !== one.case && output === 'text') tellCase();
        onProgress?.({ done: ++done, total });
        if ('failure' in one) {
          say(`${one.case} on ${one.runtime} ${one.failure}`);
          failed = true;
          continue;
        }
        saving?.add(one);
        if (output === 'json') print([JSON.stringify(one)]);
        else {
          if (results.length === 0) tell(`${headText(one)}\n`);
          ofCase.push(one);
        }
        results.push(one);
      }
      tellCase();
      return { results, failed };
    },
  );
}

/** Writes where a progress bar may be, which is drawn again below. */
function tell(text: string): void {
  if (isatty(2)) draw(CLEARED_LINE);
  print(linesOf(text));
}
