import { untilExec } from '../../linux/until-exec.ts';
import { onSameRuntime } from '../../process/same-runtime.ts';

/** How a command is started that ends when this process does. */
export interface StartWithParent {
  readonly command: string[];
  /** What the program that becomes the command inherits. */
  readonly fds: number[];
  /**
   * Whether it has become the command by now. Until then SIGUSR1 would open the debugger of Node, and
   * be lost.
   */
  isReady(): boolean;
}

/** Prepares it; `fds` are what the command inherits. */
export function startWithParent(
  command: readonly string[],
  fds: readonly number[],
): StartWithParent {
  const program = onSameRuntime('./die-with-parent', import.meta.url);
  const until = untilExec();
  return {
    command: [...program, String(process.pid), fds.join(), ...command],
    fds: until === undefined ? [...fds] : [...fds, until.fd],
    isReady: () => until?.isOver() ?? true,
  };
}
