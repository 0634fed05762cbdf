import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { difference, type Manifest, manifest } from '../../support/manifest.ts';
import { copyOf } from '../../support/sample-runtime.ts';
import { type Scene, STAMP } from './scene.ts';

/** Looks, as often as it is called, whether a runtime is whole, and still the same one. */
export type Look = () => string | undefined;

/** Looks at a source that one may hold. */
export function lookAtSource({ template }: Scene, root: string): Look {
  return look(root, manifest(template), STAMP);
}

/** Looks at a copy that one may hold. */
export function lookAtCopy({ template }: Scene, root: string): Look {
  return look(root, copyOf(template), `usr/${STAMP}`);
}

function look(root: string, expected: Manifest, stamp: string): Look {
  let first: string | undefined;
  return () => {
    try {
      // Whoever holds a copy may have it kept, and change their mind.
      const found = new Map(manifest(root, 'keep'));
      if (!found.delete(stamp)) return 'its stamp is missing';
      const text = readFileSync(join(root, stamp), 'utf8');
      first ??= text;
      if (text !== first) return `it is ${text}, and was ${first}`;
      return difference(expected, found);
    } catch (error) {
      return (error as Error).message;
    }
  };
}
