// The page's program as an ES module.
import * as breakwater from 'breakwater';
import smoke from './smoke.cjs';

smoke(breakwater);
