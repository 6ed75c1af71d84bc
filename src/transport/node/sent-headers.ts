/** The headers that axios' http adapter would send: those of the config, and what the adapter adds. */
import { EventEmitter } from 'node:events';
import axios, { type AxiosRequestHeaders } from 'axios';

/** The headers of a request before and after they were completed. */
interface Completed {
  readonly names: readonly string[];
  readonly values: readonly unknown[];
  readonly headers: Record<string, unknown>;
  readonly sent: Sent;
}

/** Those of the last request that had neither a body nor `auth`: most requests of a program have the same headers. */
let last: Completed | undefined;

const isUnchanged = (headers: AxiosRequestHeaders, names: readonly string[], { names: before, values }: Completed): boolean =>
  names.length === before.length && names.every((name, i) => name === before[i] && headers[name] === values[i]);

/** Adds what the adapter adds and returns the headers as it passes them to Node, or `undefined` if it would have to alter a value. */
export function complete(
  headers: AxiosRequestHeaders,
  added: Added,
  body: Buffer | undefined,
  credentials: string | undefined,
): Sent | undefined {
  if (body || credentials) return completed(headers, added, body, credentials);
  const names = Object.keys(headers);
  if (last && isUnchanged(headers, names, last)) {
    Object.assign(headers, last.headers);
    return copyOf(last.sent);
  }
  const values = names.map((name) => headers[name]);
  const sent = completed(headers, added, body, credentials);
  if (!sent) return undefined;
  // An object may become another text each time it is asked; and a name that is gone now was one of two that differ in case.
  const isRepeatable = values.every(isTextOrNothing) && names.every((name) => name in headers);
  if (isRepeatable) last = { names, values, headers: { ...headers }, sent };
  return copyOf(sent);
}

function completed(
  headers: AxiosRequestHeaders,
  added: Added,
  body: Buffer | undefined,
  credentials: string | undefined,
): Sent | undefined {
  let names = namesOf(headers);
  if (!names) {
    headers.normalize(false);
    names = namesOf(headers);
    if (!names) return undefined;
  }
  setUnlessThere(headers, names, 'User-Agent', added['User-Agent']);
  if (body) setUnlessThere(headers, names, 'Content-Length', String(body.length));
  if (credentials) headers.delete('authorization');
  setUnlessThere(headers, names, 'Accept-Encoding', added['Accept-Encoding']);
  const sent: Sent = Object.create(null);
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (typeof value === 'string') sent[name] = value;
  }
  return sent;
}

type Sent = Record<string, string>;

/** Without a prototype, as axios' own; made by `Object.create(null)` it would be a dictionary, which is slower. */
const copyOf = (sent: Sent): Sent => Object.setPrototypeOf({ ...sent }, null);

/** What the adapter would change in a value: control characters, those beyond one byte, and surrounding whitespace. */
const UNSENDABLE = /[^\t\x20-\x7e\x80-\xff]|^[\t ]|[\t ]$/;

const isTextOrNothing = (value: unknown): boolean => typeof value === 'string' || value === undefined || value === null || value === false;

/** The names by their lower case, or `undefined` if the headers are not as axios makes them: each once, with a clean text or no value. */
function namesOf(headers: AxiosRequestHeaders): Record<string, string> | undefined {
  const names: Record<string, string> = Object.create(null);
  for (const name of Object.keys(headers)) {
    const value: unknown = headers[name];
    const lower = name.toLowerCase();
    const isClean = isTextOrNothing(value) && !(typeof value === 'string' && UNSENDABLE.test(value));
    if (!isClean || lower in names || name.trim() !== name) return undefined;
    names[lower] = name;
  }
  return names;
}

function setUnlessThere(headers: AxiosRequestHeaders, names: Record<string, string>, name: string, value: string): void {
  const there = names[name.toLowerCase()];
  if (there === undefined || headers[there] === undefined) headers[there ?? name] = value;
}

type Added = Record<'User-Agent' | 'Accept-Encoding', string>;

let known: Added | undefined | null;

/** What axios' adapter adds to every request, probed from the adapter itself, since the next release of axios may add something else. */
export function adapterHeaders(): Added | null {
  if (known === undefined) known = probe();
  return known;
}

function probe(): Added | null {
  let sent: Partial<Added> = {};
  const nobody = Object.assign(new EventEmitter(), { setTimeout: () => {}, end: () => {} });
  const transport = {
    request(options: { headers: Added }) {
      sent = options.headers;
      return nobody;
    },
  };
  const config = {
    url: 'http://localhost/',
    method: 'get',
    headers: new axios.AxiosHeaders(),
    proxy: false,
    httpAgent: {}, // a dummy, or `proxy: false` would make axios modify Node's global agent where that proxies from the environment
    maxRedirects: 0,
    transport,
  };
  axios
    .getAdapter('http')(config as never)
    .catch(() => {});
  const { 'User-Agent': agent, 'Accept-Encoding': encoding, ...others } = sent;
  return agent && encoding && Object.keys(others).length === 0 ? { 'User-Agent': agent, 'Accept-Encoding': encoding } : null;
}
