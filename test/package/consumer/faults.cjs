// The fault suite against the package as CommonJS: `faults.cjs <URL of fault-suite.mjs> [fault to leave out…]`.
const breakwater = require('breakwater');

const [suite, ...without] = process.argv.slice(2);
import(suite).then(({ runFaults }) => runFaults(breakwater, without));
