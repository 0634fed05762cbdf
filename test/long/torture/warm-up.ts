import { setTimeout as sleep } from 'node:timers/promises';
import { LockEngine, type LockKind, spawnLocked, tryLock } from '../../../src/mod.ts';
import { holdElsewhere } from '../../support/elsewhere.ts';
import { newFile } from '../../support/temp.ts';

/** Does once what has a runtime load and start what it then keeps. */
export async function warmUp(kind: 'auto' | LockKind): Promise<void> {
  const engine = new LockEngine({ maxThreads: 2 });
  const paths = [newFile(), newFile(), newFile(), newFile()];
  const held = paths.map((path) => holdElsewhere(path));
  const waits = paths.map((path) => engine.lock(path, { kind }));
  await sleep(50);
  for (const lock of held) lock.release();
  for (const wait of waits) (await wait).release();
  await engine.close();
  if (kind === 'process') return;
  const lock = tryLock(newFile())!;
  const child = spawnLocked(lock, 'true', [], { stdio: ['pipe', 'ignore', 'inherit'] });
  lock.release();
  child.stdin!.on('error', () => {});
  await new Promise((resolve) => child.on('close', resolve));
}
