import { constants } from 'node:os';
import { type Line, Own, shown } from '../line.ts';
import { print, printOwn } from '../print.ts';

/** How long a picture stays, in milliseconds. */
const EVERY = 1000;

// What terminals have understood since the VT100, and xterm's second screen, on which nothing that
// was there before is lost.
const SECOND_SCREEN = new Own('\x1b[?1049h\x1b[?25l');
const FIRST_SCREEN = new Own('\x1b[?25h\x1b[?1049l');
const HOME = '\x1b[H';
const CLEAR_LINE = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';

/** What is shown again and again. */
export interface Picture {
  /** Gives what was seen last, for the terminal as it is now. */
  lines(): readonly Line[];
  /** Looks again. */
  renew(): Promise<void>;
}

/**
 * Shows a picture on the terminal, again every second, and whenever the terminal changes its size,
 * until a signal comes. Gives the exit status: Ctrl-C is how one ends it, and no failure.
 */
export async function watchOnTerminal(picture: Picture): Promise<number> {
  const { stdout } = process;
  const draw = (): boolean => {
    const lines = picture.lines().slice(0, stdout.rows);
    const drawn = lines.map((line) => `${shown(line)}${CLEAR_LINE}`).join('\r\n');
    return printOwn(new Own(`${HOME}${drawn}${CLEAR_BELOW}`));
  };
  // Ctrl-Z: the shell that follows has its own screen again.
  const stop = (): void => {
    printOwn(FIRST_SCREEN);
    process.kill(process.pid, 'SIGSTOP');
  };
  const goOn = (): void => {
    printOwn(SECOND_SCREEN);
    draw();
  };
  const listeners = { SIGWINCH: draw, SIGTSTP: stop, SIGCONT: goOn } as const;
  return await everySecond(picture, {
    begin() {
      for (const [signal, listener] of Object.entries(listeners)) process.on(signal, listener);
      printOwn(SECOND_SCREEN);
    },
    show: draw,
    end() {
      for (const [signal, listener] of Object.entries(listeners)) process.off(signal, listener);
      printOwn(FIRST_SCREEN);
    },
  });
}

/** Writes a picture as one line every second, until a signal comes or nobody reads any more. */
export function watchInLines(picture: Picture): Promise<number> {
  return everySecond(picture, {
    begin() {},
    show: () => print(picture.lines()),
    end() {},
  });
}

async function everySecond(
  picture: Picture,
  { begin, show, end }: { begin(): void; show(): boolean; end(): void },
): Promise<number> {
  const over = new AbortController();
  let status = 0;
  const endBy = (signal: NodeJS.Signals): void => {
    if (signal !== 'SIGINT') status = 128 + constants.signals[signal];
    over.abort();
  };
  const signals = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, endBy);
  begin();
  try {
    for (;;) {
      if (!show()) return status;
      await pause(EVERY, over.signal);
      if (over.signal.aborted) return status;
      await picture.renew();
    }
  } finally {
    end();
    for (const signal of signals) process.off(signal, endBy);
  }
}

function pause(time: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, time);
    const wake = (): void => {
      clearTimeout(timer);
      resolve();
    };
    if (signal.aborted) wake();
    else signal.addEventListener('abort', wake, { once: true });
  });
}
