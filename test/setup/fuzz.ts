// Properties are tested on the same input each time, so that a run reflects the change rather than chance. FUZZ_SEED=random, or a number,
// tries others.
import { configureGlobal } from 'fast-check';

const { FUZZ_SEED = '1' } = process.env;
if (FUZZ_SEED !== 'random') configureGlobal({ seed: Number(FUZZ_SEED) });
