import { existsSync, mkdtempSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { quote } from '../lock/printable.ts';
import { BROKEN, Failure, OK, UNAVAILABLE, USAGE } from './failure.ts';
import { print } from './print.ts';
import { mountOf } from './mount-of.ts';
import type { CommandLine } from './read-options.ts';
import { collectRest } from './storm/collect-copies.ts';
import { type Ground, prepare } from './storm/prepare.ts';
import { clearProgress, reportLines, showProgress, summarize } from './storm/report.ts';
import type { StormReport, StormSetting } from './storm/report.ts';
import { startProcess } from './storm/start-process.ts';

export { description } from './descriptions/storm.ts';

/** How often the line on the terminal is written, in milliseconds. */
const REFRESH = 200;
/** How long the processes may take to finish, in milliseconds. */
const GRACE = 10_000;

/** Lets launches and removals loose on each other, and reports whether locks kept them apart. */
export async function main({ options, operands }: CommandLine): Promise<number> {
  const given = new Map(options.map(({ name, value }) => [name, value]));
  if (operands.length > 0) {
    throw new Failure(USAGE, `Unknown argument ${quote(operands[0]!)}`);
  }
  const seconds = number(given, 'seconds', 10, (value) => value > 0 && value <= 1e6);
  const whole = (name: string, usual: number): number =>
    number(given, name, usual, (value) => Number.isInteger(value) && value >= 1 && value <= 1000);
  const plan = {
    runtimes: whole('runtimes', 6),
    processes: whole('processes', 2),
    launchers: whole('launchers', 8),
    collectors: whole('collectors', 1),
  };

  // From here on something has to be cleaned up, also after Ctrl-C.
  const interruption = new AbortController();
  let signal: NodeJS.Signals | undefined;
  const interrupt = (received: NodeJS.Signals): void => {
    signal ??= received;
    interruption.abort();
  };
  for (const name of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) process.on(name, interrupt);
  const directory = makeDirectory(resolve(given.get('dir') ?? tmpdir()));
  let report: StormReport;
  try {
    const ground = await prepare(directory, plan.runtimes, given.get('runtime'));
    const setting: StormSetting = {
      directory,
      filesystem: mountOf(directory)?.type ?? 'an unknown filesystem',
      ...plan,
      container: ground.containers.real,
      containerDetail: ground.containers.what,
    };
    report = await letLoose(ground, setting, seconds * 1000, interruption.signal);
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
    for (const name of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) process.off(name, interrupt);
  }
  print(given.has('json') ? [JSON.stringify(report)] : reportLines(report));
  if (report.violations > 0) return BROKEN;
  return signal === undefined ? OK : 128 + constants.signals[signal];
}

/** Runs the processes for their time, or until an interruption. */
async function letLoose(
  ground: Ground,
  setting: StormSetting,
  time: number,
  interruption: AbortSignal,
): Promise<StormReport> {
  const { containers, ...places } = ground;
  const { launchers, collectors } = setting;
  const began = performance.now();
  const order = { ...places, container: containers.real, launchers, collectors };
  const processes = Array.from({ length: setting.processes }, () => startProcess(order));
  const all = Promise.all(processes.map(({ ended }) => ended));
  const report = (troubles: string[] = []): StormReport => {
    const news = processes.flatMap(({ news }) => news ?? []);
    return summarize(setting, (performance.now() - began) / 1000, news, troubles);
  };
  const live = process.stderr.isTTY
    ? setInterval(() => {
      showProgress(Math.max(0, (began + time - performance.now()) / 1000), report());
    }, REFRESH)
    : undefined;
  try {
    const over = new AbortController();
    const signal = AbortSignal.any([interruption, over.signal]);
    // A process that ends by itself has broken down, and there is no point in going on.
    await Promise.race([sleep(time, undefined, { signal }).catch(() => {}), all]);
    over.abort();
    for (const one of processes) one.stop();
    const grace = setTimeout(() => processes.forEach((one) => one.kill()), GRACE);
    const troubles = (await all).filter((trouble) => trouble !== undefined);
    clearTimeout(grace);
    return report([...troubles, ...missing(ground), ...await collectRest(ground.copies)]);
  } finally {
    if (live !== undefined) {
      clearInterval(live);
      clearProgress();
    }
  }
}

/** Whoever removes a runtime lays it out again, so in the end all must be there. */
function missing({ runtimes }: Ground): string[] {
  return runtimes
    .filter(({ root, stamp }) => !existsSync(join(root, stamp)))
    .map(({ name }) => `${name}: gone, and no collector has removed it`);
}

function makeDirectory(parent: string): string {
  const action = `Cannot make runtimes in ${quote(parent)}`;
  if (!statSync(parent, { throwIfNoEntry: false })?.isDirectory()) {
    throw new Failure(UNAVAILABLE, `${action}: no such directory`);
  }
  try {
    return mkdtempSync(join(parent, 'reflock-storm-'));
  } catch (error) {
    throw new Failure(UNAVAILABLE, `${action}: ${(error as Error).message}`, { cause: error });
  }
}

function number(
  given: ReadonlyMap<string, string>,
  name: string,
  usual: number,
  allowed: (value: number) => boolean,
): number {
  const text = given.get(name);
  if (text === undefined) return usual;
  const value = Number(text);
  if (text.trim() !== '' && allowed(value)) return value;
  const kind = name === 'seconds' ? 'a number above 0' : 'a whole number from 1 to 1000';
  throw new Failure(
    USAGE,
    `The option "--${name}" must be ${kind}, not ${quote(text)}`,
  );
}
