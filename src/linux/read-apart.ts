/** Reading files that may keep their reader for good: another process reads them, and is left then. */

import { fileCalls } from './file-calls.ts';
import { mark, type Reader, startReader, waitForOutput } from './reader.ts';

/** How long a file is waited for, in milliseconds, and how long all of them. */
const LIMIT = 2000;
const LIMIT_OF_ALL = 6000;

/** So many files are read by one process: their names must fit into its arguments. */
const AT_A_TIME = 1000;

/**
 * Gives the texts of files below `/proc`. What cannot be read is `''`; what is not read within
 * some seconds is missing, and so is all else of that process.
 */
export function readApart(paths: readonly string[]): Map<string, string> {
  const texts = new Map<string, string>();
  const deadline = performance.now() + LIMIT_OF_ALL;
  let left = paths;
  while (left.length > 0 && performance.now() < deadline) {
    const some = left.slice(0, AT_A_TIME);
    const { read, isStuck } = readSome(some, deadline);
    for (const [index, text] of read.entries()) texts.set(some[index]!, text);
    left = left.slice(isStuck ? read.length : some.length);
    const [pid] = isStuck ? left[0]?.split('/') ?? [] : [];
    left = left.filter((path) => !path.startsWith(`${pid}/`));
  }
  return texts;
}

/** Gives the texts of the first files, and whether the next one has kept the reader. */
function readSome(
  paths: readonly string[],
  deadline: number,
): { read: readonly string[]; isStuck: boolean } {
  const between = mark();
  const reader = startReader(paths);
  if (between === '' || reader === undefined) return { read: [], isStuck: false };
  const { text, isStuck } = collect(reader, deadline);
  reader.end(isStuck ? 'leave' : 'wait');
  return { read: text.split(between).slice(1, -1), isStuck };
}

function collect({ output }: Reader, deadline: number): { text: string; isStuck: boolean } {
  const bytes = new Uint8Array(65_536);
  const decoder = new TextDecoder();
  let text = '';
  for (let size = 1; size > 0;) {
    const end = Math.min(deadline, performance.now() + LIMIT);
    if (!waitForOutput(output, end)) return { text, isStuck: true };
    size = fileCalls().read(output, bytes, bytes.length);
    text += decoder.decode(bytes.subarray(0, Math.max(0, size)), { stream: true });
  }
  return { text, isStuck: false };
}
