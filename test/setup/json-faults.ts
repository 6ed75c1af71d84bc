// Faults of the lab, some again, as JSON: Chromium withholds text/plain from XHR until it has seen enough to sniff the type.
import { after, every, httpUpstream } from '../lab/http.mjs';
import type { Place, Upstream } from '../lab/types.mjs';
import { startRaw } from './raw-faults';

const JSON_TYPE = { 'Content-Type': 'application/json' };

/** Upstreams by name, in addition to those of the lab. */
export const JSON_FAULTS: Record<string, (place: Place) => Promise<Upstream>> = {
  raw: startRaw,
  'json-stall': httpUpstream(({ res }) => {
    res.writeHead(200, { ...JSON_TYPE, 'Content-Length': 1_000 });
    res.write('{ "a": 1,');
  }),
  'json-burst-stall': httpUpstream(({ res }) => {
    res.writeHead(200, { ...JSON_TYPE, 'Content-Length': 1_000 });
    for (const ms of [0, 25, 50, 75]) after(res, ms, () => res.write(' '));
  }),
  'json-drip': httpUpstream(({ res }) => {
    res.writeHead(200, JSON_TYPE);
    res.write('[');
    every(res, 50, () => res.write(' '));
  }),
};
