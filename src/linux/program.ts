/** Starting a program beside this one or in its place, and learning of the end of children. */

import { processCalls } from './process-calls.ts';

// Room for a posix_spawnattr_t, of which glibc's and musl's take 336 bytes.
const ATTRIBUTES_SIZE = 1024;
const POSIX_SPAWN_SETSIGDEF = 4;
const POSIX_SPAWN_SETSIGMASK = 8;
/** Bytes of a sigset_t, in glibc and musl alike: signal n is bit n - 1. */
const SIGSET_SIZE = 128;
/** At least the bytes of a struct sigaction. */
const SIGACTION_SIZE = 256;
const SIG_IGN = 1n;
// The same number on every architecture, as is the next one.
const SIGHUP = 1;
const ENOEXEC = 8;
const SIG_SETMASK = 2;
const LAST_SIGNAL = 64;
const WNOHANG = 1;

/**
 * Starts a program, found as a shell would, with no signal blocked and every signal's action the
 * default one, but that what is `ignored` here stays so. Gives its pid, or the negative `errno`.
 *
 * By posix_spawn(3), which tells at once why a program cannot be started.
 */
export function startProgram(words: readonly Uint8Array[], ignored: readonly number[]): number {
  const calls = processCalls();
  const attributes = new Uint8Array(ATTRIBUTES_SIZE);
  const defaults = new Uint8Array(SIGSET_SIZE).fill(0xff);
  for (const signal of ignored) defaults[(signal - 1) >> 3]! &= ~(1 << ((signal - 1) & 7));
  const none = new Uint8Array(SIGSET_SIZE);
  calls.posix_spawnattr_init(attributes);
  calls.posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  calls.posix_spawnattr_setsigdefault(attributes, defaults);
  calls.posix_spawnattr_setsigmask(attributes, none);
  const pid = new Int32Array(1);
  const spawn = ({ file, argv }: ArgumentVector): number =>
    calls.posix_spawnp(pid, file, null, attributes, argv, calls.environment());
  let vector = argumentVector(words);
  let errno = spawn(vector);
  if (errno === ENOEXEC) {
    vector = throughShell(words);
    errno = spawn(vector);
  }
  calls.posix_spawnattr_destroy(attributes);
  return errno === 0 ? pid[0]! : -errno;
}

/**
 * Becomes another program, with signals as {@linkcode startProgram} has them. Comes back only when
 * that failed, with `errno`, and has set the actions all the same.
 */
export function becomeProgram(words: readonly Uint8Array[], ignored: readonly number[]): number {
  // What has a handler would go back to its default by itself; what is ignored stays ignored. The
  // two that libc keeps for itself it does not set.
  for (let signal = 1; signal <= LAST_SIGNAL; signal++) {
    if (!ignored.includes(signal)) byDefault(signal);
  }
  acceptSignals();
  const { file, argv } = argumentVector(words);
  // It runs what is no program through a shell by itself.
  processCalls().execvp(file, argv);
  return processCalls().errno();
}

/** Lets every signal through to this thread: a program may be started with all of them blocked. */
export function acceptSignals(): void {
  processCalls().pthread_sigmask(SIG_SETMASK, new Uint8Array(SIGSET_SIZE), null);
}

/**
 * The signals that a program goes on ignoring which is started from here: SIGHUP, if this one was
 * started by nohup(1). Node sets it back to the default before any JavaScript runs, and nothing shows
 * it then.
 */
export function ignoredSignals(): number[] {
  const action = new BigUint64Array(SIGACTION_SIZE / 8);
  const known = processCalls().sigaction(SIGHUP, null, action) === 0;
  return known && action[0] === SIG_IGN ? [SIGHUP] : [];
}

/** Takes the default action at a signal, whatever was set before. */
export function byDefault(signal: number): void {
  processCalls().sigaction(signal, new Uint8Array(SIGACTION_SIZE), null);
}

/** Ignores a signal, and so do the programs that are started as ignoring it. */
export function ignore(signal: number): void {
  const action = new BigUint64Array(SIGACTION_SIZE / 8);
  action[0] = SIG_IGN;
  processCalls().sigaction(signal, action, null);
}

/** A child that has ended. */
export interface EndedChild {
  readonly pid: number;
  /** Its exit status, or `undefined` when a signal ended it. */
  readonly code: number | undefined;
  /** The number of the signal that ended it. */
  readonly signal: number | undefined;
}

/**
 * Takes note of the end of one child, own or adopted, if one has ended. Gives `undefined` when none
 * has, and `'childless'` when there is no child.
 */
export function reapChild(): EndedChild | 'childless' | undefined {
  const status = new Int32Array(1);
  const pid = processCalls().waitpid(-1, status, WNOHANG);
  // With WNOHANG and without children that are stopped there is no other error than ECHILD.
  if (pid === -1) return 'childless';
  if (pid === 0) return undefined;
  const signal = status[0]! & 0x7f;
  return signal === 0
    ? { pid, code: (status[0]! >> 8) & 0xff, signal: undefined }
    : { pid, code: undefined, signal };
}

/**
 * The command by which a shell runs a file that is no program, such as a script without `#!`; the
 * shell finds it as execvp(3) would.
 */
function throughShell(words: readonly Uint8Array[]): ArgumentVector {
  const shell = ['/bin/sh', '-c', 'exec "$0" "$@"'].map((word) => new TextEncoder().encode(word));
  return argumentVector([...shell, ...words]);
}

/** The words of a command as execve(2) wants them: `argv`, a vector of pointers that NULL ends. */
export interface ArgumentVector {
  /** Where the vector lies. */
  readonly argv: number;
  /** Where the first word lies. */
  readonly file: number;
}

/** Memory whose addresses are in use: the garbage collector does not know of them. */
let inUse: ArrayBuffer | undefined;

/** Lays out words, which are bytes, since an argument need not be UTF-8; good until the next call. */
export function argumentVector(words: readonly Uint8Array[]): ArgumentVector {
  const vector = (words.length + 1) * 8;
  const size = words.reduce((sum, word) => sum + word.length + 1, vector);
  const memory = new ArrayBuffer(size);
  inUse = memory;
  const argv = processCalls().address(inUse);
  const pointers = new BigUint64Array(memory, 0, words.length + 1);
  const bytes = new Uint8Array(memory);
  let end = vector;
  for (const [index, word] of words.entries()) {
    pointers[index] = BigInt(argv + end);
    bytes.set(word, end);
    end += word.length + 1;
  }
  return { argv, file: argv + vector };
}
