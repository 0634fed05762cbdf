import { quote } from '../../lock/printable.ts';
import { Failure, USAGE } from '../failure.ts';
import type { WantedLock } from '../merge-same-files.ts';
import type { CommandLine } from '../read-options.ts';

/** What a command line of `run` asks for. */
export interface Plan {
  readonly locks: readonly WantedLock[];
  /** How long to wait for all of them together, in milliseconds. */
  readonly timeout: number;
  /** Inherited descriptors to keep, and those of them that the command inherits. */
  readonly fds: readonly number[];
  readonly passed: readonly number[];
  readonly exec: boolean;
  readonly exitWithParent: boolean;
  readonly subreaper: boolean;
  /** In milliseconds, as in `Care`. */
  readonly terminate: { readonly after: number; readonly grace: number } | undefined;
  readonly verbose: boolean;
  readonly command: readonly string[];
}

/** Of these the last one counts, for whatever follows or for all. */
interface Toggles {
  create: boolean;
  wait: boolean;
  write: boolean;
  exec: boolean;
  'exit-with-parent': boolean;
  subreaper: boolean;
  verbose: boolean;
}

/** More would be for ever, and is what a timer can be set to. */
const LONGEST = 1_000_000;

/**
 * Understands all of the command line.
 *
 * @throws {Failure} 64.
 */
export function readPlan({ options, operands }: CommandLine): Plan {
  const toggles: Toggles = {
    create: false,
    wait: false,
    write: false,
    exec: false,
    'exit-with-parent': false,
    subreaper: false,
    verbose: false,
  };
  const locks: WantedLock[] = [];
  const passed: number[] = [];
  const fds: number[] = [];
  let timeout = Infinity;
  let grace = -1;
  let after = 0;
  for (const { name, value } of options) {
    if (name === 'lock-file') {
      const { create, wait, write } = toggles;
      locks.push({ path: filePath(value), create, wait, write });
    } else if (name === 'fd') fds.push(descriptor(name, value));
    else if (name === 'pass-fd') passed.push(descriptor(name, value));
    else if (name === 'timeout') timeout = 1000 * seconds(name, value, 0);
    else if (name === 'terminate-timeout') grace = 1000 * seconds(name, value, -LONGEST);
    else if (name === 'terminate-idle-timeout') after = 1000 * seconds(name, value, 0);
    else toggles[name.replace(/^no-/, '') as keyof Toggles] = !name.startsWith('no-');
  }
  if (operands.length === 0) {
    throw new Failure(USAGE, 'No command given; see reflock run --help');
  }
  const { exec, subreaper, verbose, 'exit-with-parent': exitWithParent } = toggles;
  const terminate = grace < 0 ? undefined : { after, grace };
  if (exec && (subreaper || terminate !== undefined)) {
    const other = subreaper ? '--subreaper' : '--terminate-timeout';
    throw new Failure(
      USAGE,
      `The option "${other}" does not go with "--exec": nobody would be left`,
    );
  }
  return {
    locks,
    timeout,
    fds: [...fds, ...passed],
    passed,
    exec,
    exitWithParent,
    subreaper,
    terminate,
    verbose,
    command: operands,
  };
}

function filePath(value: string): string {
  if (value !== '') return value;
  throw new Failure(USAGE, 'The option "--lock-file" must be a path, not ""');
}

function descriptor(name: string, value: string): number {
  const fd = Number(value);
  if (/^\d+$/.test(value) && fd <= 0x7fff_ffff) return fd;
  throw mustBe(name, 'the number of a descriptor', value);
}

function seconds(name: string, value: string, least: number): number {
  const number = Number(value);
  if (value.trim() !== '' && number >= least && number <= LONGEST) return number;
  throw mustBe(
    name,
    `a number of seconds from ${least === 0 ? 0 : 'below 0'} to ${LONGEST}`,
    value,
  );
}

function mustBe(name: string, what: string, value: string): Failure {
  return new Failure(
    USAGE,
    `The option "--${name}" must be ${what}, not ${quote(value)}`,
  );
}
