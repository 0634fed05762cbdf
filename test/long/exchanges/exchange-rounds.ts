import { rmSync } from 'node:fs';
import { collectGarbage, createCopy, removeRuntime, useRuntime } from '../../../src/runtime/mod.ts';
import { compileFixture } from '../../support/compile.ts';
import { start } from '../../support/process.ts';
import { newPlace } from '../../support/trees.ts';
import { ATTACKER, type Ground, grounds, Scene, type Swap, swaps } from './scene.ts';

/** What the superuser does meanwhile; it tells what it should not have reached. */
const works = {
  async rm({ path }: Scene): Promise<string | undefined> {
    await removeRuntime(path);
    return undefined;
  },
  async gc({ path }: Scene): Promise<string | undefined> {
    await collectGarbage(path);
    return undefined;
  },
  async use(scene: Scene): Promise<string | undefined> {
    const { root, lock } = await useRuntime(scene.path);
    lock.release();
    return root.includes('/victim') ? `${root} was used` : undefined;
  },
  async copy(scene: Scene): Promise<string | undefined> {
    const copies = `${newPlace()}-copies`;
    const { path, lock } = await createCopy(scene.path, copies);
    const secret = scene.hasSecret(path);
    lock.release();
    rmSync(copies, { recursive: true });
    return secret ? 'a secret was copied' : undefined;
  },
};

/** What came of one kind of work beside one kind of exchange. */
export interface Rounds {
  readonly what: string;
  readonly calls: number;
  /** How many of them came to an end without an error. */
  readonly done: number;
  readonly exchanges: number;
  readonly violations: readonly string[];
}

/** Calls each function so often beside each exchange. */
export async function* exchangeRounds(calls: number): AsyncGenerator<Rounds> {
  for (const ground of grounds) {
    for (const swap of swaps) {
      for (const work of Object.keys(works) as (keyof typeof works)[]) {
        yield await rounds(work, ground, swap, calls);
      }
    }
  }
}

async function rounds(
  work: keyof typeof works,
  ground: Ground,
  swap: Swap,
  calls: number,
): Promise<Rounds> {
  const base = newPlace();
  const scene = new Scene(base, ground, swap);
  const { command, why } = compileFixture('exchange');
  if (command === undefined) throw new Error(why);
  const attacker = (): ReturnType<typeof start> =>
    start([command, scene.directory, ...scene.names, String(ATTACKER)]);
  let program = attacker();
  await program.line();
  const violations: string[] = [];
  let [done, exchanges] = [0, 0];
  const stop = async (): Promise<void> => {
    program.child.stdin!.end();
    exchanges += Number(await program.line());
    await program.ended;
  };
  for (let call = 0; call < calls && violations.length === 0; call++) {
    const reached = await works[work](scene).then((told) => (done++, told), () => undefined);
    if (reached !== undefined) violations.push(`call ${call}: ${reached}`);
    if (scene.harm !== undefined) violations.push(`call ${call}: ${scene.harm}`);
    scene.renew();
    if (swap !== 'inside' || work !== 'rm') continue;
    // The directory in which names are exchanged has gone.
    await stop();
    program = attacker();
    await program.line();
  }
  await stop();
  rmSync(base, { recursive: true, force: true });
  return { what: `${work} beside ${swap} in ${ground}`, calls, done, exchanges, violations };
}
