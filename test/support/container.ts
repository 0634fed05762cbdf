import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'uvu';

/** How a container begins that has everything of the machine. */
export const container: readonly string[] = [
  ...['bwrap', '--bind', '/', '/', '--dev-bind', '/dev', '/dev', '--proc', '/proc'],
];

const [bwrap, ...args] = container;
/** Whether bwrap can make containers here. */
export const hasContainers: boolean = spawnSync(bwrap!, [...args, 'true']).status === 0;

/** A test that needs containers, and says so where there are none. */
export function testInContainer(name: string, body: () => void | Promise<void>): void {
  if (hasContainers) return test(name, body);
  console.log(`skipped: ${name} needs bwrap`);
  test.skip(name, body);
}

/** The command line of a process. */
export function commandLine(pid: number | string): string[] {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
}
