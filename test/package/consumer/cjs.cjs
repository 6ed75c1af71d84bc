// The consumer's program as CommonJS.
const axios = require('axios');
const breakwater = require('breakwater');
const survive = require('./survive.cjs');

survive(breakwater, axios);
