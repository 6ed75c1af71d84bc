// Under Jest.
const breakwater = require('breakwater');
const smoke = require('../runner-smoke.cjs');

test('the build that fits the environment', async () => {
  expect(await smoke(breakwater)).toEqual(JSON.parse(process.env.EXPECTED));
});
