import { Place } from '../../src/runtime/place.ts';

/** Opens a directory for reading. */
export function openPlace(path: string): Place {
  const found = Place.at(path, 'Cannot open it');
  try {
    return found.readable();
  } finally {
    found.close();
  }
}
