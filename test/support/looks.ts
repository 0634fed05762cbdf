import { mkdirSync, writeFileSync } from 'node:fs';
import { scriptCommand } from './runtime.ts';
import { newPath } from './temp.ts';

/** A program that looks who has a lock. */
export interface LookingProgram {
  readonly name: string;
  readonly command: readonly string[];
  /** Its exit status where somebody has the lock. */
  readonly status: number;
}

/** A directory with one mutable copy. */
export interface CopyToLookAt {
  readonly parent: string;
  readonly ref: string;
}

export function copyToLookAt(): CopyToLookAt {
  const parent = newPath();
  const ref = `${parent}/tmp-copy/usr/.ref`;
  mkdirSync(`${parent}/tmp-copy/usr`, { recursive: true });
  for (const file of [ref, `${parent}/.ref`]) writeFileSync(file, '');
  return { parent, ref };
}

/** All programs that look who has the copy's lock: each has its own way to do so. */
export function programsThatLook({ parent, ref }: CopyToLookAt): LookingProgram[] {
  const main = scriptCommand('src/cli/main.ts');
  return [
    { name: 'status', command: [...main, 'status', '--json', ref], status: 0 },
    { name: 'gc', command: [...main, 'gc', '--json', parent], status: 0 },
    {
      name: 'run',
      command: [...main, 'run', '--write', '--lock-file', ref, '--', 'true'],
      status: 75,
    },
    { name: 'holders()', command: [...scriptCommand('test/fixtures/holders.ts'), ref], status: 0 },
  ];
}
