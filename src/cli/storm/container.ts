/** How the witness program is started: in a container made by bwrap, or as a plain child. */

import { execFile } from 'node:child_process';
import { readdirSync, readlinkSync } from 'node:fs';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { PROGRAM, type StormTree } from './tree.ts';

/** What runs the launches, and why that. */
export interface Containers {
  readonly real: boolean;
  /** In words, for the report. */
  readonly what: string;
}

/** The command that runs a tree's witness program. */
export function witnessCommand(tree: StormTree, real: boolean, expected: string): string[] {
  if (!real) return [tree.program, join(tree.root, tree.stamp), expected];
  const prefix = tree.layout === 'usr' ? '/usr' : '';
  // The user's own runtime has no witness program in it, so it gets one on top.
  const program = tree.removable ? `${prefix}/${relative(tree.root, tree.program)}` : `/${PROGRAM}`;
  return [
    'bwrap',
    ...(tree.layout === 'usr' ? mergedUsr(tree.root) : wholeRoot(tree.root)),
    ...(tree.removable ? [] : ['--ro-bind', tree.program, program]),
    // bwrap's own lock lasts until its pid 1 ends, and with the pid namespace everything ends
    // with that one.
    ...['--lock-file', '/.ref', '--unshare-pid', '--die-with-parent', '--'],
    ...[program, `${prefix}/${tree.stamp}`, expected],
  ];
}

function mergedUsr(root: string): string[] {
  const links = readdirSync(root).filter((name) => /^(bin|sbin|lib(32|64|x32)?|\.ref)$/.test(name));
  return [
    ...['--ro-bind', root, '/usr'],
    ...links.flatMap((name) => ['--symlink', `usr/${name}`, `/${name}`]),
  ];
}

function wholeRoot(root: string): string[] {
  return readdirSync(root, { withFileTypes: true }).flatMap((entry) => {
    const path = join(root, entry.name);
    return entry.isSymbolicLink()
      ? ['--symlink', readlinkSync(path), `/${entry.name}`]
      : ['--ro-bind', path, `/${entry.name}`];
  });
}

/**
 * Finds out whether containers can be had here, by making one. Where user namespaces are
 * forbidden bwrap is there and yet fails.
 *
 * @throws {Error} when not even a plain program can be run in the storm's directory.
 */
export async function chooseContainers(tree: StormTree, id: string): Promise<Containers> {
  await run(witnessCommand(tree, false, id));
  let version: string;
  try {
    version = (await run(['bwrap', '--version'])).trim().replace('bubblewrap', 'bwrap');
  } catch {
    return { real: false, what: 'plain processes (no bwrap)' };
  }
  try {
    await run(witnessCommand(tree, true, id));
    return { real: true, what: `real containers (${version})` };
  } catch (error) {
    return { real: false, what: `plain processes (${version} fails: ${(error as Error).message})` };
  }
}

async function run([command, ...args]: string[]): Promise<string> {
  const started = promisify(execFile)(command!, args, { encoding: 'utf8' });
  started.child.stdin?.end();
  try {
    return (await started).stdout;
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string };
    throw new Error((stderr || message).split('\n', 1)[0], { cause: error });
  }
}
