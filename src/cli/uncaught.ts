import { statusOf } from './failure.ts';

/**
 * Ends the program with one line, and its status, at an error that nobody has caught. The JavaScript
 * runtimes print a stack trace, in which the names of files are as they are.
 */
export function endAtUncaught(): void {
  const end = (error: unknown): void => void tell(error).finally(() => process.exit());
  process.on('uncaughtException', end);
  process.on('unhandledRejection', end);
}

/** Says what an error says, and leaves its status behind. */
export async function tell(error: unknown): Promise<void> {
  process.exitCode = statusOf(error);
  const { say } = await import('./say.ts');
  say(error instanceof Error ? error.message : String(error));
}
