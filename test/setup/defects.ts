// Defects of ours are contained, so that calls do not show them. A test in which one occurs fails nevertheless, unless it expects that.
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
