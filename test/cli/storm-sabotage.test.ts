import { readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { StormReport } from '../../src/cli/storm/report.ts';
import { directory, reportOf, storm } from '../support/storm.ts';

/** What somebody does without asking, to whom, and what the storm must say to it. */
interface Sabotage {
  /** Paths, below the storm's directory. */
  victims: (place: string) => string[];
  act: (victim: string) => void;
  /** How often, so that it must have been noticed. */
  times: number;
  expected: RegExp;
}

/** Runtimes that are used or removed at this moment. */
const runtimesInUse = (place: string) =>
  readdirSync(join(place, 'runtimes'))
    .filter((name) => readdirSync(join(place, 'witness', name)).length > 0)
    .map((name) => join(place, 'runtimes', name));

/** Copies in which a program runs at this moment. */
const copiesInUse = (place: string) =>
  readdirSync(join(place, 'witness/copies')).map((name) => join(place, 'copies', name));

/** Copies, whether they are used, or only being made, or neither. */
const allCopies = (place: string) =>
  readdirSync(join(place, 'copies')).filter((name) => name.startsWith('tmp-'))
    .map((name) => join(place, 'copies', name));

function deleteIt(path: string): void {
  rmSync(path, { recursive: true });
}

function replaceIt(file: string): void {
  writeFileSync(`${file}.new`, 'something else');
  renameSync(`${file}.new`, file);
}

const sabotage: Record<string, Sabotage> = {
  'deletes runtimes in use': {
    victims: runtimesInUse,
    act: deleteIt,
    // Nobody lays them out again.
    times: 2,
    expected: /^runtime-\d: gone/,
  },
  'changes runtimes in use': {
    victims: runtimesInUse,
    act: (root) => replaceIt(join(root, '.storm/stamp')),
    times: 10,
    expected: /^runtime-\d: changed, as seen from inside$/,
  },
  // What it looks like where locks do not work: everybody gets one.
  'replaces lock files of runtimes in use': {
    victims: runtimesInUse,
    act: (root) => replaceIt(join(root, '.ref')),
    times: 200,
    expected: /^runtime-\d: (shared-\d+-\d+ was in (when|while) |gone)/,
  },
  'takes files out of runtimes': {
    victims: runtimesInUse,
    act: (root) => rmSync(join(root, 'lib/libsample.so.1')),
    times: 30,
    expected: /^tmp-\w{8}: a copy of runtime-\d was made with \d+ entries instead of \d+$/,
  },
  'deletes copies in use': {
    victims: copiesInUse,
    act: deleteIt,
    times: 5,
    // The container of which the storm knows may only be starting.
    expected: /^tmp-\w{8}: (gone|the container ended with)/,
  },
  'changes copies in use': {
    victims: copiesInUse,
    act: (root) => replaceIt(join(root, 'usr/.storm/stamp')),
    times: 10,
    // Who has made the copy may see it before anybody is inside.
    expected:
      /^tmp-\w{8}: (changed, as seen from inside|a copy of \S+ was made of something else)$/,
  },
  'replaces lock files of copies in use': {
    victims: copiesInUse,
    act: (root) => replaceIt(join(root, 'usr/.ref')),
    times: 100,
    expected: /^tmp-\w{8}: (collected while a program was in$|gone)/,
  },
  'collects copies without locks': {
    victims: allCopies,
    act: deleteIt,
    times: 5,
    expected: /^(tmp-\w{8}: (gone|the container ended with)|Cannot (copy|make a copy|open|lock) )/,
  },
  'keeps copies': {
    // What is half a copy when the storm ends is its maker's, who deletes it.
    victims: (place) => allCopies(place).filter((path) => !path.includes('tmp-partial-')),
    act: (root) => writeFileSync(join(root, 'keep'), ''),
    times: 5,
    expected: /^tmp-\w{8}: left after the storm: it has an entry "keep"$/,
  },
};

/** Not yet laid out, or gone in this moment. */
function unlessGone<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

/** Ends a storm when so much has been done to it; gives its report, and its exit status. */
async function sabotaged({ victims, act }: Sabotage, times: number): Promise<StormReport> {
  const dir = directory();
  const few = ['--runtimes', '3', '--processes', '1', '--launchers', '4'];
  const program = storm(dir, '--seconds', '60', ...few);
  let done = 0;
  const timer = setInterval(() => {
    for (const victim of unlessGone(() => victims(join(dir, readdirSync(dir)[0]!))) ?? []) {
      unlessGone(() => {
        act(victim);
        done++;
      });
    }
    if (done < times) return;
    clearInterval(timer);
    process.kill(program.child.pid!, 'SIGINT');
  }, 10);
  try {
    return await reportOf(program, dir, [1, 130]);
  } finally {
    clearInterval(timer);
  }
}

for (const [what, one] of Object.entries(sabotage)) {
  test(`storm finds out when somebody ${what}`, async () => {
    let report = await sabotaged(one, one.times);
    // The slower the machine, the fewer are there to notice what is done.
    if (report.violations === 0) report = await sabotaged(one, 4 * one.times);
    assert.ok(report.violations > 0);
    assert.ok(report.violationDetails.length <= 10);
    assert.ok(
      report.violationDetails.some((detail) => one.expected.test(detail)),
      report.violationDetails.join('\n'),
    );
  });
}

test.run();
