import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newPath } from '../../support/temp.ts';

/** A directory with everything that the arguments name. */
export class Sandbox {
  readonly path: string = newPath();

  constructor() {
    this.rebuild();
  }

  /** Makes everything anew. */
  rebuild(): void {
    rmSync(this.path, { recursive: true, force: true });
    for (
      const name of ['runtime/bin', 'runtime/lib', 'copies/tmp-1/usr', 'copies/deploy-1/files']
    ) {
      mkdirSync(join(this.path, name), { recursive: true });
    }
    for (
      const name of [
        'a-file',
        'runtime/.ref',
        'runtime/bin/program',
        'copies/.ref',
        'copies/tmp-1/.ref',
      ]
    ) {
      writeFileSync(join(this.path, name), 'text');
    }
    mkdirSync(join(this.path, 'an-empty-directory'));
    symlinkSync('a-file', join(this.path, 'a-link'));
    symlinkSync('missing', join(this.path, 'a-dangling-link'));
    execFileSync('mkfifo', [join(this.path, 'a-fifo')]);
  }

  /** What there is: every entry, what it is, and when it was changed. */
  state(): string {
    const entries = readdirSync(this.path, { recursive: true }).map(String).sort();
    return ['.', ...entries].map((name) => {
      const { mode, ino, size, mtimeMs, ctimeMs } = lstatSync(join(this.path, name));
      return [name, mode, ino, size, mtimeMs, ctimeMs].join(' ');
    }).join('\n');
  }
}
