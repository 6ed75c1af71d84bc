// Under Vitest.
import * as breakwater from 'breakwater';
import { expect, test } from 'vitest';
import smoke from '../runner-smoke.cjs';

test('the build that fits the environment', async () => {
  expect(await smoke(breakwater)).toEqual(JSON.parse(process.env.EXPECTED));
});
