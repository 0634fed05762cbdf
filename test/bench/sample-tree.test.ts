import { execFileSync } from 'node:child_process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { makeSampleTree, makeUpTree, sampleTitle } from '../../bench/cases/sample-tree.ts';
import { findRuntime } from '../../src/runtime/find-runtime.ts';
import { temp } from '../support/temp.ts';

/** By find, because readdirSync() follows symbolic links on some runtimes. */
function entries(path: string): number {
  return execFileSync('find', [path], { encoding: 'utf8' }).trim().split('\n').length;
}

test('the sample is a whole root filesystem of as many entries as its title says', () => {
  makeSampleTree(temp);
  const { layout } = findRuntime(`${temp}/source`);
  assert.is(layout, 'root');
  const count = Number(sampleTitle.match(/([\d,]+) entries/)![1]!.replace(',', ''));
  assert.ok(Math.abs(entries(`${temp}/source`) - count) < count / 10);
});

test('the made-up tree is a whole root filesystem of some 7,000 entries', () => {
  makeUpTree(`${temp}/made-up`);
  assert.is(findRuntime(`${temp}/made-up`).layout, 'root');
  const count = entries(`${temp}/made-up`);
  assert.ok(Math.abs(count - 7000) < 500, `${count}`);
});

test.run();
