import { startProgram } from './program.ts';

/** A shell in a directory, which runs commands one by one. */
export interface Shell {
  /** Runs a command to its end, which must be a good one. */
  run(command: string): Promise<void>;
  /** Ends it. */
  end(): void;
}

const SCRIPT = 'cd "$1" && while read -r command; do eval "$command"; echo $?; done';

/**
 * Starts a shell. It is there before anything is timed, and small: to start a program from it takes
 * less than from a process with a JavaScript runtime in it.
 */
export function startShell(directory: string): Shell {
  const { ask, end } = startProgram(['sh', '-c', SCRIPT, 'sh', directory]);
  return {
    run: async (command) => {
      const status = await ask(command);
      if (status !== '0') throw new Error(`"${command}" ended with status ${status}`);
    },
    end,
  };
}
