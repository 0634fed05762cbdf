import { type Program, start } from './process.ts';
import { scriptCommand } from './runtime.ts';

/**
 * Starts the command line with more descriptors open: `redirections` are those of a shell, such as
 * `7</dev/null`.
 */
export function reflockInheriting(redirections: string, ...args: string[]): Program {
  const command = [...scriptCommand('src/cli/main.ts'), ...args];
  return start(['sh', '-c', `exec ${redirections}; exec "$@"`, 'sh', ...command]);
}

/** A command that prints its descriptors as `0 1 2`. */
export const listFds: readonly string[] = [
  'python3',
  '-c',
  `import os
fds = sorted(int(fd) for fd in os.listdir('/proc/self/fd'))
print(*[fd for fd in fds if os.path.exists(f'/proc/self/fd/{fd}')])`,
];
