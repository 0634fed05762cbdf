import { plain } from '../../lock/printable.ts';
import { mountOf } from '../mount-of.ts';
import { judgeFilesystem } from './filesystem.ts';
import { failure, type Finding, ok, warning } from './finding.ts';
import type { Ground, Place } from './ground.ts';
import { checkInotify } from './inotify.ts';
import { conflict, inheritance, named, releaseAtClose, releaseAtKill } from './lock-scenes.ts';
import { checkFile } from './named-file.ts';
import { checkKernel, checkKoffi, checkOpenFiles } from './surroundings.ts';
import { hasInheritance, judgeRuntime } from './surroundings.ts';

/** A check that can be made. */
export interface Step {
  readonly name: string;
  /** Those that must not have failed before. */
  readonly needs?: readonly string[];
  /** May throw, which is a failure. */
  readonly check: (ground: Ground) => Finding | Promise<Finding>;
  /** What to do, if the finding does not say it. */
  readonly advice?: string;
}

const LOCKS_ADVICE =
  'keep runtimes on a local filesystem; on others the mount options and the server decide';

const NOT_INHERITED = warning(
  'no child inherits a process-associated lock',
  'the commands "use" and "copy" stay until all has ended that they have started',
);

/** All checks for a place, in their order. */
export function stepsFor({ file }: Place): Step[] {
  return [
    { name: 'runtime', check: () => judgeRuntime(process.versions) },
    {
      name: 'koffi',
      check: checkKoffi,
      advice: 'install reflock again, with its dependencies, on 64-bit Linux (npm install reflock)',
    },
    {
      name: 'kernel',
      needs: ['koffi'],
      check: checkKernel,
      advice: 'a sandbox or a seccomp filter may keep them out',
    },
    {
      name: 'filesystem',
      check: ({ place }) => judgeFilesystem(mountOf(place.file ?? place.directory)),
    },
    {
      name: 'directory',
      check: checkDirectory,
      advice: 'locks are tried with a temporary file: name a directory that you may write to',
    },
    ...(file === undefined ? [] : [{ name: 'file', check: () => checkFile(file) }]),
    {
      name: 'conflict',
      needs: ['kernel', 'directory'],
      check: (ground) => ground.play((scene) => conflict(scene, ground.newFile())),
      advice: LOCKS_ADVICE,
    },
    {
      name: 'close',
      needs: ['conflict'],
      check: (ground) => ground.play(releaseAtClose),
      advice: LOCKS_ADVICE,
    },
    {
      name: 'inheritance',
      needs: ['conflict'],
      check: (ground) => hasInheritance() ? ground.play(inheritance) : NOT_INHERITED,
      advice: LOCKS_ADVICE,
    },
    {
      name: 'kill -9',
      needs: ['conflict'],
      check: (ground) => ground.play(releaseAtKill),
      advice: LOCKS_ADVICE,
    },
    {
      name: 'holders',
      needs: ['conflict'],
      check: (ground) => ground.play((scene) => named(scene, ground.signal)),
      advice: LOCKS_ADVICE,
    },
    {
      name: 'inotify',
      needs: ['koffi', 'directory'],
      check: (ground) => checkInotify(ground.newFile()),
    },
    {
      name: 'open files',
      check: checkOpenFiles,
      advice: 'look whether /proc is mounted; Deno shows it only with all permissions',
    },
  ];
}

function checkDirectory(ground: Ground): Finding {
  const place = plain(ground.place.directory);
  try {
    ground.newFile();
    return ok(`files can be made in ${place}`);
  } catch (error) {
    const [why] = (error as Error).message.split(', open ', 1);
    return failure(`no file can be made in ${place} (${why})`);
  }
}
