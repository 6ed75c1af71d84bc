// The page's program as CommonJS.
const breakwater = require('breakwater');
const smoke = require('./smoke.cjs');

smoke(breakwater);
