import { spawn } from 'node:child_process';
import process from 'node:process';
import { type Lock, lock, tryLock } from '../mod.ts';
import { BUSY, Failure, OK, USAGE } from './failure.ts';
import { mergeSameFiles, type WantedLock } from './merge-same-files.ts';
import { readOptions } from './read-options.ts';
import { runCommand } from './run-command.ts';
import { sayWaiting } from './say-waiting.ts';

const help = `usage: reflock run [OPTION...] [--] COMMAND [ARG...]

Takes locks, runs COMMAND, and holds the locks until it has ended. COMMAND does not inherit them.

  --lock-file FILE        lock FILE; may be given again
  --create, --no-create   create the files that follow if missing (default: no)
  --wait, --no-wait       wait for the files that follow if busy (default: no)
  --write, --no-write     lock the files that follow exclusively (default: no, shared)
  --help                  show this

Ends with COMMAND's status, or 128 + n when signal n ended it; 64: bad usage; 69: a lock cannot be
had; 75: a lock is busy and --wait was not given; 127: COMMAND cannot be started.

example: reflock run --create --wait --write --lock-file copies/.ref -- rm -rf copies/tmp-old
`;

/** Runs a command under locks that the wrapper holds. */
export async function main(args: readonly string[]): Promise<number> {
  const { options, operands } = readOptions(args, {
    'lock-file': 'value',
    create: 'flag',
    'no-create': 'flag',
    wait: 'flag',
    'no-wait': 'flag',
    write: 'flag',
    'no-write': 'flag',
  });
  const toggles = { create: false, wait: false, write: false };
  const wanted: WantedLock[] = [];
  for (const { name, value } of options) {
    if (name === 'help') {
      process.stdout.write(help);
      return OK;
    }
    if (name === 'lock-file') wanted.push({ path: value, ...toggles });
    else toggles[name.replace('no-', '') as keyof typeof toggles] = !name.startsWith('no-');
  }
  const [command, ...commandArgs] = operands;
  if (command === undefined) throw new Failure(USAGE, 'No command given; see reflock run --help');

  // Every word has been understood by now, and only now is a file touched.
  const locks: Lock[] = [];
  for (const want of mergeSameFiles(wanted)) locks.push(await take(want));
  try {
    return await runCommand(command, () => spawn(command, commandArgs, { stdio: 'inherit' }));
  } finally {
    for (const lock of locks) lock.release();
  }
}

async function take({ path, create, wait, write }: WantedLock): Promise<Lock> {
  const mode = write ? 'exclusive' : 'shared';
  if (!wait) {
    const lock = tryLock(path, { mode, create });
    if (lock !== undefined) return lock;
    const action = write ? 'writing' : 'reading';
    throw new Failure(
      BUSY,
      `Cannot lock ${JSON.stringify(path)} for ${action}: somebody else has locked it`,
    );
  }
  // Node does not end at this signal but opens a port for its debugger.
  const end = (): void => process.exit(128 + 10);
  process.once('SIGUSR1', end);
  try {
    return await lock(path, { mode, create, onWait: sayWaiting });
  } finally {
    process.off('SIGUSR1', end);
  }
}
