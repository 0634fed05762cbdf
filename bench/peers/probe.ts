// Makes one call of fs-native-extensions: exit status 0 means that it works on this runtime.

import { openSync } from 'node:fs';
import process from 'node:process';
import { load, type Need } from './fs-native-extensions.ts';

const [need, path] = process.argv.slice(2);
const fd = openSync(path!, 'r+');
await load()[need as Need](fd);
