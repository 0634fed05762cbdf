import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, runtime } from './runtime.ts';
import { temp } from './temp.ts';

/** How files end that the runtime of this test runs. */
export const extension: 'js' | 'ts' = runtime === 'node' ? 'js' : 'ts';

/** Copies what the package needs to a place of its own, with these dependencies and no others. */
export function copyPackage(name: string, dependencies: readonly string[] = []): string {
  const home = join(temp, name);
  const sources = runtime === 'node' ? `${root}/dist` : root;
  for (const room of ['src', 'workers']) {
    cpSync(join(sources, room), join(home, room), { recursive: true });
  }
  // Deno imports only what a package says that it depends on.
  const manifest = {
    type: 'module',
    dependencies: Object.fromEntries(dependencies.map((one) => [one, '*'])),
  };
  writeFileSync(join(home, 'package.json'), JSON.stringify(manifest));
  mkdirSync(join(home, 'node_modules'));
  for (const one of dependencies) {
    symlinkSync(`${root}/node_modules/${one}`, join(home, 'node_modules', one));
  }
  return home;
}
