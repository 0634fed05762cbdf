// A process that waits for many files and tells what that takes of it. A process that has done so
// once keeps the memory, so each measurement has a fresh one.
//
// usage: waiting-process reflock|fs-native-extensions DIRECTORY COUNT
// The first line on stdin is answered, when all waits are outstanding, by a line of JSON; the
// second one by "released", when all have been granted and given back.

import process from 'node:process';
import { createInterface } from 'node:readline';
import { load } from '../peers/package.ts';
import { type Status, status } from '../usage.ts';
import { fsNativeExtensions, reflock, settle } from './ask-for-all.ts';
import { fileNames } from './held-files.ts';

/** The same process before it waits, and while it does. */
export interface Taken {
  before: Status;
  during: Status;
}

const [kind, directory, count] = process.argv.slice(2);
const files = fileNames(directory!, Number(count));
const askForAll = kind === 'reflock' ? reflock() : fsNativeExtensions(load('fs-native-extensions'));

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
await lines.next();
await settle();
const before = status();
const waits = askForAll(files);
await waits.outstanding();
await settle();
console.log(JSON.stringify({ before, during: status() } satisfies Taken));
await lines.next();
await waits.granted;
waits.release();
console.log('released');
