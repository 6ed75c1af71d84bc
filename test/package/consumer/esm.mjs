// The consumer's program as an ES module.
import axios from 'axios';
import * as breakwater from 'breakwater';
import survive from './survive.cjs';

await survive(breakwater, axios);
