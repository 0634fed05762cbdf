import { statusOf } from './failure.ts';
import { say } from './say.ts';

/**
 * Ends the program with one line, and its status, at an error that nobody has caught. The JavaScript
 * runtimes print a stack trace, in which the names of files are as they are.
 */
export function endAtUncaught(): void {
  const end = (error: unknown): void => {
    tell(error);
    process.exit();
  };
  process.on('uncaughtException', end);
  process.on('unhandledRejection', end);
}

/** Says what an error says, and leaves its status behind. */
export function tell(error: unknown): void {
  process.exitCode = statusOf(error);
  say(error instanceof Error ? error.message : String(error));
}
