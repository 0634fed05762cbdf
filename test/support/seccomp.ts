import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { newFile } from './temp.ts';

/** What the kernel calls this architecture (linux/audit.h). */
const AUDIT_ARCH = { x64: 0xc000003e, arm64: 0xc00000b7 }[process.arch as 'x64' | 'arm64'];

// linux/bpf_common.h and linux/seccomp.h
const LOAD = 0x20;
const JUMP_IF_EQUAL = 0x15;
const RETURN = 0x06;
const ALLOW = 0x7fff0000;
const ERRNO = 0x00050000;

/** Runs a command, in a container, in which one system call fails with `errno`. */
export function startWithout(
  systemCall: number,
  errno: number,
  command: readonly string[],
): ChildProcess {
  const program: [code: number, yes: number, no: number, value: number][] = [
    [LOAD, 0, 0, 4],
    [JUMP_IF_EQUAL, 0, 2, AUDIT_ARCH],
    [LOAD, 0, 0, 0],
    [JUMP_IF_EQUAL, 1, 0, systemCall],
    [RETURN, 0, 0, ALLOW],
    [RETURN, 0, 0, ERRNO + errno],
  ];
  const bytes = new DataView(new ArrayBuffer(program.length * 8));
  for (const [index, [code, yes, no, value]] of program.entries()) {
    bytes.setUint16(index * 8, code, true);
    bytes.setUint8(index * 8 + 2, yes);
    bytes.setUint8(index * 8 + 3, no);
    bytes.setUint32(index * 8 + 4, value, true);
  }
  const file = newFile();
  writeFileSync(file, new Uint8Array(bytes.buffer));
  const filter = openSync(file, 'r');
  const args = ['--dev-bind', '/', '/', '--seccomp', '3', ...command];
  const child = spawn('bwrap', args, { stdio: ['pipe', 'pipe', 'pipe', filter] });
  closeSync(filter);
  return child;
}
