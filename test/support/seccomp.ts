import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { newFile } from './temp.ts';

/** What the kernel calls this architecture (linux/audit.h), and the number of fcntl(2). */
const [AUDIT_ARCH, FCNTL] = {
  x64: [0xc000003e, 72],
  arm64: [0xc00000b7, 25],
}[process.arch as 'x64' | 'arm64'];

// linux/bpf_common.h and linux/seccomp.h
const LOAD = 0x20;
const JUMP_IF_EQUAL = 0x15;
const RETURN = 0x06;
const ALLOW = 0x7fff0000;
const ERRNO = 0x00050000;
/** Where the kernel has the second argument of a call. */
const SECOND = 24;
const EINVAL = 22;

type Line = [code: number, yes: number, no: number, value: number];

/** Runs a command, in a container, in which one system call fails with `errno`. */
export function startWithout(
  systemCall: number,
  errno: number,
  command: readonly string[],
): ChildProcess {
  return startUnder(filter(systemCall, [], errno), command);
}

/** A filter under which there are no `F_OFD_GETLK`, `F_OFD_SETLK` and `F_OFD_SETLKW`. */
export function withoutOfdLocks(): Uint8Array {
  return filter(FCNTL!, [36, 37, 38], EINVAL);
}

/** Runs a command, in a container, under a filter. */
export function startUnder(program: Uint8Array, command: readonly string[]): ChildProcess {
  const file = newFile();
  writeFileSync(file, program);
  const fd = openSync(file, 'r');
  const args = ['--dev-bind', '/', '/', '--cap-add', 'ALL', '--seccomp', '3', ...command];
  const child = spawn('bwrap', args, { stdio: ['pipe', 'pipe', 'pipe', fd] });
  closeSync(fd);
  return child;
}

/** Has a system call fail: always, or where its second argument is one of these. */
function filter(systemCall: number, second: readonly number[], errno: number): Uint8Array {
  const ifOneOf = second.map((value, index): Line => [
    JUMP_IF_EQUAL,
    second.length - index,
    0,
    value,
  ]);
  const body: Line[] = second.length === 0 ? [] : [[LOAD, 0, 0, SECOND], ...ifOneOf, [
    RETURN,
    0,
    0,
    ALLOW,
  ]];
  const program: Line[] = [
    [LOAD, 0, 0, 4],
    [JUMP_IF_EQUAL, 0, 2, AUDIT_ARCH!],
    [LOAD, 0, 0, 0],
    [JUMP_IF_EQUAL, 1, 0, systemCall],
    [RETURN, 0, 0, ALLOW],
    ...body,
    [RETURN, 0, 0, ERRNO + errno],
  ];
  const bytes = new DataView(new ArrayBuffer(program.length * 8));
  for (const [index, [code, yes, no, value]] of program.entries()) {
    bytes.setUint16(index * 8, code, true);
    bytes.setUint8(index * 8 + 2, yes);
    bytes.setUint8(index * 8 + 3, no);
    bytes.setUint32(index * 8 + 4, value, true);
  }
  return new Uint8Array(bytes.buffer);
}
