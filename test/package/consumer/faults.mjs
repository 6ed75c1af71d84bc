// The fault suite against the package as an ES module: `faults.mjs <URL of fault-suite.mjs> [fault to leave out…]`.
import * as breakwater from 'breakwater';

const [suite, ...without] = process.argv.slice(2);
const { runFaults } = await import(suite);
await runFaults(breakwater, without);
