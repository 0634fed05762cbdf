import { test } from 'uvu';
import { container, testInContainer } from '../support/container.ts';
import { startLocker } from '../support/locker.ts';
import { start } from '../support/process.ts';
import { ended } from '../support/reflock.ts';
import { root, runtime, scriptCommand } from '../support/runtime.ts';
import { newFile } from '../support/temp.ts';

/** Runs the command line where packages are not installed; what loads them, fails. */
async function endsWithout(packages: readonly string[], status: number, ...args: string[]) {
  const missing = packages.flatMap((name) => ['--tmpfs', `${root}/node_modules/${name}`]);
  const command = [...scriptCommand('src/cli/main.ts'), 'run', ...args];
  await ended(start([...container, ...missing, ...command]), status);
}

const onlyForOthers = ['cli-progress', 'cli-table3', 'picocolors', 'pretty-bytes'];

testInContainer('run loads piscina only when a wait blocks', async () => {
  const path = newFile();
  const packages = ['piscina', ...onlyForOthers];
  for (const how of [[], ['--exec'], ['--subreaper'], ['--exit-with-parent']]) {
    await endsWithout(packages, 0, ...how, '--wait', '--lock-file', path, 'true');
  }
  const locker = await startLocker('ofd', path);
  await locker.try('exclusive');
  await endsWithout(packages, 75, '--lock-file', path, 'true');
  await locker.end();
});

testInContainer('run without locks loads koffi on Node and Deno only', async () => {
  const packages = ['piscina', ...onlyForOthers, ...(runtime === 'bun' ? ['koffi'] : [])];
  await endsWithout(packages, 5, 'sh', '-c', 'exit 5');
});

testInContainer(
  'run ends with 69 where it cannot do without koffi and does not have it',
  async () => {
    const path = newFile();
    const ways = [['--lock-file', path], ['--subreaper'], ...(runtime === 'bun' ? [] : [[]])];
    for (const how of ways) await endsWithout(['koffi'], 69, ...how, 'true');
  },
);

test.run();
