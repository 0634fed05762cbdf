// A process that waits for many files and tells what that takes of it. A process that has done so
// once keeps the memory, so each measurement has a fresh one.
//
// usage: waiting-process reflock|fs-native-extensions DIRECTORY COUNT
// The first line on stdin is answered, when all waits are outstanding, by a line of JSON; the
// second one by "released", when all have been granted and given back.

import { readFileSync } from 'node:fs';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { load } from '../peers/fs-native-extensions.ts';
import { fsNativeExtensions, reflock, settle } from './ask-for-all.ts';
import { fileNames } from './held-files.ts';

/** What a process takes. */
export interface Usage {
  /** All its threads, the runtime's own included. */
  threads: number;
  /** Resident memory in bytes. */
  memory: number;
}

/** The same process before it waits, and while it does. */
export interface Taken {
  before: Usage;
  during: Usage;
}

const [kind, directory, count] = process.argv.slice(2);
const files = fileNames(directory!, Number(count));
const askForAll = kind === 'reflock' ? reflock() : fsNativeExtensions(load());

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
await lines.next();
await settle();
const before = usage();
const waits = askForAll(files);
await waits.outstanding();
await settle();
console.log(JSON.stringify({ before, during: usage() } satisfies Taken));
await lines.next();
await waits.granted;
waits.release();
console.log('released');

function usage(): Usage {
  const status = readFileSync('/proc/self/status', 'utf8');
  const figure = (name: string): number =>
    Number(status.match(new RegExp(`^${name}:\\s+(\\d+)`, 'm'))![1]);
  return { threads: figure('Threads'), memory: figure('VmRSS') * 1024 };
}
