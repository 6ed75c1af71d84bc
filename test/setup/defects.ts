// A defect of ours is contained, so that no call shows it: a test in which one happened fails all the same, unless it is about that.
import { afterAll, afterEach } from 'vitest';
import { containedDefects, forgetWatched } from './complain';

export { containedDefects };

const { setTimeout } = globalThis;

forgetWatched();

afterEach(() => {
  const contained = containedDefects();
  if (contained.length > 0) throw new Error('A defect was contained.', { cause: contained[0] });
});

afterAll(() => {
  if (globalThis.setTimeout !== setTimeout) throw new Error('The clock that these tests leave to the next file is not the one they found.');
});
