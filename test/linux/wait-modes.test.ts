import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { modesOf } from '../../src/linux/wait-modes.ts';

test('what a descriptor is open for tells the mode, whatever is listed', () => {
  for (const listed of [undefined, { shared: 0, exclusive: 0 }, { shared: 1, exclusive: 1 }]) {
    assert.equal(modesOf(['read', 'write'], listed), ['shared', 'exclusive']);
  }
});

test('a list of one mode tells it for all', () => {
  assert.equal(modesOf(['both', 'both'], { shared: 2, exclusive: 0 }), ['shared', 'shared']);
  assert.equal(modesOf(['both'], { shared: 0, exclusive: 3 }), ['exclusive']);
});

test('what is left of the list tells the mode of the rest', () => {
  assert.equal(modesOf(['both', 'read'], { shared: 1, exclusive: 1 }), ['exclusive', 'shared']);
  assert.equal(modesOf(['write', 'both'], { shared: 1, exclusive: 1 }), ['exclusive', 'shared']);
});

test('a list of both modes, of fewer waits, or of others tells nothing', () => {
  assert.equal(modesOf(['both'], { shared: 1, exclusive: 1 }), [undefined]);
  assert.equal(modesOf(['both', 'both'], { shared: 1, exclusive: 0 }), [undefined, undefined]);
  assert.equal(modesOf(['both', 'read'], { shared: 0, exclusive: 2 }), [undefined, 'shared']);
  assert.equal(modesOf(['both'], undefined), [undefined]);
  assert.equal(modesOf([], { shared: 1, exclusive: 1 }), []);
});

test.run();
