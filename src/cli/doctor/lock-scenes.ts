/**
 * What locks must do, played by two processes on a file. Each begins and ends without locks, and has
 * a file of its own, so a promise that is broken in one does not look like another's fault.
 */

import { holders } from '../../mod.ts';
import { failure, type Finding, ok, warning } from './finding.ts';
import type { Scene } from './ground.ts';
import { within } from './within.ts';

type Mode = 'shared' | 'exclusive';

const article: Record<Mode, string> = { shared: 'a shared lock', exclusive: 'an exclusive lock' };

/** Only shared locks go together. `files` has one more for the shared lock. */
export async function conflict({ one, other, file }: Scene, sharedFile: string): Promise<Finding> {
  const trials: readonly (readonly [file: string, held: Mode, tried: Mode, granted: boolean])[] = [
    [file, 'exclusive', 'exclusive', false],
    [file, 'exclusive', 'shared', false],
    [sharedFile, 'shared', 'exclusive', false],
    [sharedFile, 'shared', 'shared', true],
  ];
  let locked: string | undefined;
  for (const [file, held, tried, expected] of trials) {
    if (locked !== file && !await one.try(file, held)) {
      return failure(`${article[held]} was refused on a file that nobody has locked`);
    }
    locked = file;
    if (await other.try(file, tried) === expected) continue;
    const what = expected ? 'refused' : 'given';
    return failure(
      `another process was ${what} ${article[tried]}, beside ${article[held]}`,
    );
  }
  return ok('two processes keep each other out, and share where both want to');
}

/** A lock ends when its file is closed. */
export async function releaseAtClose({ one, other, file }: Scene): Promise<Finding> {
  await take(one, file);
  await one.release();
  return await other.try(file, 'exclusive')
    ? ok('a lock ends when its file is closed')
    : failure('a lock was still there after its file was closed');
}

/** A lock lasts as long as a child has it. */
export async function inheritance({ one, other, file }: Scene): Promise<Finding> {
  await take(one, file);
  await one.bequeath();
  if (await other.try(file, 'exclusive')) {
    return failure('a lock ended although a child had inherited it');
  }
  await one.endHeir();
  return await other.try(file, 'exclusive')
    ? ok('a child keeps the lock that it has inherited, until it ends')
    : failure('a lock was still there after the child that had inherited it ended');
}

/** A lock ends with its process, however that ends. */
export async function releaseAtKill({ one, other, file }: Scene): Promise<Finding> {
  await take(one, file);
  await one.kill();
  return await other.try(file, 'exclusive')
    ? ok('a lock ends when its process is killed')
    : failure('a lock was still there after its process was killed');
}

/** Who holds a lock can be found. */
export async function named({ one, file }: Scene, signal: AbortSignal): Promise<Finding> {
  await take(one, file);
  const found = await within('the search for the holder', holders(file), signal);
  return found.some(({ pid, waiting }) => pid === one.pid && !waiting)
    ? ok('the process that has a lock can be named')
    : warning(
      'the process that has a lock cannot be named',
      'locks work all the same, but messages cannot say who is in the way; on a local ' +
        'filesystem look whether /proc is mounted, and is that of this pid namespace',
    );
}

async function take({ try: tryLock }: Scene['one'], file: string): Promise<void> {
  if (!await tryLock(file, 'exclusive')) {
    throw new Error('an exclusive lock was refused on a file that nobody has locked');
  }
}
