import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../support/runtime.ts';
import { temp } from '../../support/temp.ts';
import type { Mutation } from './mutations.ts';

/** Copies the checkout, and makes the bug in it. */
export function mutatedCopy({ edits }: Pick<Mutation, 'edits'>): string {
  const home = mkdtempSync(join(temp, 'mutated-'));
  for (
    const name of ['src', 'workers', 'test', 'bench', 'package.json', 'tsconfig.json', 'deno.json']
  ) {
    cpSync(join(root, name), join(home, name), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(home, 'node_modules'));
  for (const { file, from, to } of edits) {
    const path = join(home, file);
    const parts = readFileSync(path, 'utf8').split(from);
    if (parts.length !== 2) {
      throw new Error(`${file} has ${parts.length - 1} times, and not once: ${from}`);
    }
    writeFileSync(path, parts.join(to));
  }
  execFileSync('node', [join(root, 'node_modules/typescript/bin/tsc'), '-p', home]);
  return home;
}
