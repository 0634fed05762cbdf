/** Prints the manual page, for the package. */

import { all } from './descriptions/all.ts';
import { manPage } from './man-page.ts';
import { version } from './version.ts';

process.stdout.write(manPage(all, version()));
