import { awaitCase } from './await.ts';
import type { Case } from './case.ts';
import { handOverCase } from './hand-over.ts';
import { tryCase } from './try.ts';

/** Every case, in the order in which they are measured. */
export const cases: readonly Case[] = [tryCase, awaitCase, handOverCase];
