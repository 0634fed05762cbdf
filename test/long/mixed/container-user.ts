import { spawn } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { tryLock } from '../../../src/mod.ts';
import { eventually } from '../../support/eventually.ts';
import { wrap } from '../../support/process.ts';
import { pause, type Role } from './role.ts';
import { use } from './user.ts';

/** The longest time for which a container lives, in milliseconds. */
const LONGEST = 40;
const options = ['--ro-bind', '/', '/', '--unshare-pid', '--die-with-parent'];

/** Uses sources and copies by bwrap, whose lock is for a while the only one. */
export async function containerUser(role: Role): Promise<void> {
  while (!role.stop.aborted) {
    await use(role, async ({ ref, lock }, look) => {
      const container = wrap(spawn('bwrap', [...options, '--lock-file', ref, '--', 'cat']));
      try {
        let over = false;
        void container.ended.then(() => over = true);
        // Its program may run before its pid 1 has taken the lock.
        await eventually('bwrap has its lock', () => over || hasLock(container.child.pid!, ref));
        lock.release();
        await pause(role, LONGEST);
        look();
        if (over) role.violation(`a container has ended: ${container.stderr()}`);
        const again = tryLock(ref, { mode: 'shared' });
        if (again === undefined) role.violation(`${ref} is locked exclusively, in spite of bwrap`);
        role.count('containers');
        return again;
      } finally {
        container.child.stdin!.end();
        await container.ended;
      }
    });
    await pause(role, LONGEST);
  }
}

/** Whether the container's pid 1, which is bwrap's child, has its lock; others may have one too. */
function hasLock(bwrap: number, path: string): boolean {
  // 1: POSIX  ADVISORY  READ 4121 fe:00:1234 0 EOF
  const line = new RegExp(`^\\d+: POSIX +ADVISORY +READ (\\d+) .*:${statSync(path).ino} `, 'gm');
  const lines = readFileSync('/proc/locks', 'utf8').matchAll(line);
  return [...lines].some(([, pid]) => parentOf(pid!) === bwrap);
}

function parentOf(pid: string): number | undefined {
  try {
    return Number(/^PPid:\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    // It has ended by now.
    return undefined;
  }
}
