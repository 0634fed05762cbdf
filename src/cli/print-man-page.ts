/** Prints the manual page, for the package. */

import { all } from './descriptions/all.ts';
import { linesOf } from './line.ts';
import { manPage } from './man-page.ts';
import { print } from './print.ts';
import { version } from './version.ts';

print(linesOf(manPage(all, version())));
