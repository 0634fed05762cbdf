import { closeSync, openSync } from 'node:fs';
import { newInotify, readCloses, watchCloses } from '../../linux/inotify.ts';
import { AT_FDCWD, closeFd, openLockFile } from '../../linux/open.ts';
import { readProc } from '../../linux/proc.ts';
import { type Finding, ok, warning } from './finding.ts';

/** How many of each there may be for a user; `NaN` where that is not shown. */
export interface InotifyLimits {
  readonly instances: number;
  readonly watches: number;
}

/** What the kernel allows at the least, if nobody has changed it. */
const USUAL: InotifyLimits = { instances: 128, watches: 8192 };

const WITHOUT = 'waits go on without, by trying from time to time, but take longer';

/** Whether the close of a file is told, which wakes waits that have no thread. */
export function checkInotify(file: string): Finding {
  const inotify = newInotify();
  if (inotify === -1) {
    return warning(
      'no inotify instance can be had',
      `${WITHOUT}; raise fs.inotify.max_user_instances by sysctl`,
    );
  }
  const fd = openLockFile(AT_FDCWD, file, 'read');
  try {
    const watch = watchCloses(inotify, fd);
    if (watch === -1) {
      return warning(
        'a file cannot be watched by inotify',
        `${WITHOUT}; raise fs.inotify.max_user_watches by sysctl`,
      );
    }
    closeSync(openSync(file, 'r'));
    // The event is there before the close returns.
    const closed = readCloses(inotify);
    if (closed !== 'lost' && !closed.includes(watch)) {
      return warning('inotify does not tell when a file is closed here', WITHOUT);
    }
    return judgeLimits({ instances: limit('instances'), watches: limit('watches') });
  } finally {
    closeFd(fd);
    closeFd(inotify);
  }
}

function limit(name: keyof InotifyLimits): number {
  return Number(readProc(`sys/fs/inotify/max_user_${name}`) || NaN);
}

/** Whether the limits leave room for other programs, such as editors, which use most of them. */
export function judgeLimits(limits: InotifyLimits): Finding {
  const told = 'closes are told';
  const shown = ['instances', 'watches'] as const;
  const message = shown.every((name) => Number.isNaN(limits[name]))
    ? told
    : `${told} (limits: ${limits.instances} instances, ${limits.watches} watches)`;
  const small = shown.find((name) => limits[name] < USUAL[name]);
  if (small === undefined) return ok(message);
  return warning(
    message,
    `${WITHOUT}; raise fs.inotify.max_user_${small} to ${USUAL[small]} or more by sysctl`,
  );
}
