/** A process that reads files below `/proc`, one after the other, and writes them into a pipe. */

import { openDirectory } from './directory.ts';
import { EINTR } from './errno.ts';
import { fileCalls, toName } from './file-calls.ts';
import { loadLibc } from './load-libc.ts';
import { O_CLOEXEC, O_RDWR } from './open-flags.ts';
import { namesIn, readProc } from './proc.ts';
import { processCalls } from './process-calls.ts';
import { argumentVector } from './program.ts';

/** A file whose text stays the same until the system starts again, and that is in no other file. */
const MARK = 'sys/kernel/random/boot_id';

/** Where cat(1) is. PATH may have a directory that others can write to, and root would start their cat. */
const PROGRAMS = ['/usr/bin/cat', '/bin/cat', '/run/current-system/sw/bin/cat'];

// Room for a posix_spawn_file_actions_t, of which glibc's and musl's take 80 bytes.
const ACTIONS_SIZE = 1024;
const SIGKILL = 9;
const WNOHANG = 1;
const POLLIN = 1;
const F_GETFD = 1;
const FD_CLOEXEC = 1;

/** All give what the system call gave; on -1 the cause is in `errno()`, until the next call. */
interface ReaderCalls {
  readonly poll: (fds: Uint8Array, count: number, timeout: number) => number;
  readonly kill: (pid: number, signal: number) => number;
  readonly init: (actions: Uint8Array) => number;
  readonly dup2: (actions: Uint8Array, fd: number, as: number) => number;
  readonly open: (
    actions: Uint8Array,
    fd: number,
    path: Uint8Array,
    f: number,
    m: number,
  ) => number;
  readonly close: (actions: Uint8Array, fd: number) => number;
  readonly destroy: (actions: Uint8Array) => number;
  readonly errno: () => number;
}

let bound: ReaderCalls | undefined;

function calls(): ReaderCalls {
  return bound ??= bind();
}

function bind(): ReaderCalls {
  const { koffi, lib } = loadLibc();
  const actions = 'posix_spawn_file_actions';
  return {
    poll: lib.func('poll', 'int', ['void *', 'unsigned long', 'int']),
    kill: lib.func('kill', 'int', ['int', 'int']),
    init: lib.func(`${actions}_init`, 'int', ['void *']),
    dup2: lib.func(`${actions}_adddup2`, 'int', ['void *', 'int', 'int']),
    open: lib.func(`${actions}_addopen`, 'int', ['void *', 'int', 'void *', 'int', 'uint32_t']),
    close: lib.func(`${actions}_addclose`, 'int', ['void *', 'int']),
    destroy: lib.func(`${actions}_destroy`, 'int', ['void *']),
    errno: koffi.errno,
  };
}

/** A reader that was started. */
export interface Reader {
  /** The end of the pipe where its output comes. */
  readonly output: number;
  /** Closes the pipe, and waits for its end; one that is stuck is killed, and left to itself. */
  end(how: 'wait' | 'leave'): void;
}

/** What a reader writes before the first file, between two, and after the last. */
export function mark(): string {
  return readProc(MARK);
}

/** Starts a reader of these files below `/proc`; `undefined` where there is no cat(1) to do it. */
export function startReader(paths: readonly string[]): Reader | undefined {
  const ends = new Int32Array(2);
  if (processCalls().pipe2(ends, O_CLOEXEC) === -1) return undefined;
  const [output, input] = [ends[0]!, ends[1]!];
  const pid = spawn([MARK, ...paths.flatMap((path) => [path, MARK])], input);
  // Not by `fileCalls`, which closes only what it has opened.
  const { close } = processCalls();
  close(input);
  if (pid === undefined) close(output);
  return pid === undefined ? undefined : {
    output,
    end(how) {
      close(output);
      if (how === 'leave') calls().kill(pid, SIGKILL);
      // What not even SIGKILL ends stays, and is left to the system's first process in the end.
      processCalls().waitpid(pid, new Int32Array(1), how === 'wait' ? 0 : WNOHANG);
    },
  };
}

function spawn(files: readonly string[], output: number): number | undefined {
  const { init, dup2, open, close, destroy } = calls();
  const { posix_spawnp } = processCalls();
  const actions = new Uint8Array(ACTIONS_SIZE);
  init(actions);
  dup2(actions, output, 1);
  for (const fd of [0, 2]) open(actions, fd, toName('/dev/null'), O_RDWR, 0);
  // What it had open would stay open, and locked, for as long as it is stuck.
  for (const fd of inheritable()) close(actions, fd);
  const operands = files.map((path) => `/proc/${path}`);
  const pid = new Int32Array(1);
  const started = PROGRAMS.some((program) => {
    const words = [program, ...operands].map((word) => new TextEncoder().encode(word));
    const { file, argv } = argumentVector(words);
    // The NULL at the end of the vector is an environment with nothing in it.
    return posix_spawnp(pid, file, actions, null, argv, argv + words.length * 8) === 0;
  });
  destroy(actions);
  return started ? pid[0] : undefined;
}

function inheritable(): number[] {
  const directory = openDirectory('/proc/self/fd');
  if (directory < 0) return [];
  const fds = namesIn(directory).map(Number);
  fileCalls().close(directory);
  return fds.filter((fd) => fd > 2 && (processCalls().fcntl(fd, F_GETFD, 0) & FD_CLOEXEC) === 0);
}

/** Waits until there is output, or its end; `false` when there is none by then. */
export function waitForOutput(output: number, until: number): boolean {
  // struct pollfd: a descriptor, what is asked for, and what there is.
  const asked = new Int32Array([output, 0]);
  new Int16Array(asked.buffer)[2] = POLLIN;
  for (;;) {
    const time = Math.max(0, Math.ceil(until - performance.now()));
    const ready = calls().poll(new Uint8Array(asked.buffer), 1, time);
    if (ready !== -1 || calls().errno() !== EINTR) return ready === 1;
  }
}
