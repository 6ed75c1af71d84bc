/** A beacon in the queue. It is already bytes, so that nobody can change it, its size is known, and nothing is left to fail later. */
import type { AxiosError, AxiosRequestConfig } from 'axios';
import { now } from '../clock';
import { fullUrl, urlOf } from '../endpoint';
import { type BatchOptions, type BeaconOptions, DEFAULT_BATCH } from '../options/beacon';
import type { Full } from '../options/check';
import { own } from '../util/own';
import { isError, tagOf } from '../util/tag';

/** Needs no preflight, and every collector can parse JSON out of it. */
const TEXT = 'text/plain;charset=UTF-8';
const FORM = 'application/x-www-form-urlencoded;charset=UTF-8';

export interface Item {
  readonly url: string;
  readonly origin: string;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly contentType: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly batch: Full<BatchOptions> | undefined;
  /** Beacons of the same company may share a request; one with `undefined` goes alone. */
  readonly company: string | undefined;
  /** How many beacons it contains. */
  readonly count: number;
  /** Monotonic time at which it was accepted. */
  readonly at: number;
}

/** What is told of a beacon that is dropped. */
export type Dropped = Pick<Item, 'url' | 'count' | 'body'>;

type Content = [body: Uint8Array<ArrayBuffer>, type: string | undefined];

/** What relative URLs are resolved against; absolute ones too, if they are not allowed. */
export type Base = Pick<AxiosRequestConfig, 'baseURL' | 'allowAbsoluteUrls'>;

/** Makes a beacon of anything it is given, or tells `drop` why it cannot. Never throws. */
export function makeItem(
  url: string,
  { baseURL, allowAbsoluteUrls }: Base,
  data: unknown,
  options: BeaconOptions | null,
  drop: (reason: 'serialize_error' | 'invalid_url', dropped: Dropped) => void,
): Item | undefined {
  let to: URL | undefined;
  let full = '';
  try {
    if (typeof url === 'string') {
      const asked = own({ url, allowAbsoluteUrls: allowAbsoluteUrls !== false, ...(baseURL && { baseURL: String(baseURL) }) });
      full = fullUrl(asked);
      to = urlOf(asked);
    }
    if (to && !/^https?:$/.test(to.protocol)) to = undefined;
    if (to) return itemTo(to, data, options);
  } catch {
    // Data or options of no use: a cycle, a BigInt, a getter that throws.
  }
  drop(to ? 'serialize_error' : 'invalid_url', { url: to?.href ?? full, count: 1, body: new Uint8Array() });
  return undefined;
}

/** Throws if the options or the data are of no use: a cycle, a BigInt, a Blob. */
function itemTo(url: URL, data: unknown, options: BeaconOptions | null): Item {
  const { contentType, headers, batch } = own(options ?? {});
  const wanted = batch ? { ...DEFAULT_BATCH, ...usable(batch) } : undefined;
  const raw = rawOf(data); // can be no element of a JSON array, and no line
  const [body, type] = raw ?? textOf(data, wanted !== undefined);
  const item = {
    url: url.href,
    origin: url.origin,
    body,
    contentType: contentType === undefined || contentType === null ? type : String(contentType),
    headers: headersOf(headers ?? {}),
    batch: raw ? undefined : wanted,
    count: 1,
    at: now(),
  };
  return { ...item, company: item.batch && JSON.stringify([item.url, item.contentType, item.batch.format, item.headers]) };
}

/** As in axios, `undefined`, `null` and `false` stand for no header. */
const headersOf = (headers: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers)
      .filter(([, value]) => value !== undefined && value !== null && value !== false)
      .map(([name, value]) => [name, String(value)]),
  );

/** Bytes, copied, so that later changes to the original are not sent; or a form. */
function rawOf(data: unknown): Content | undefined {
  if (ArrayBuffer.isView(data)) return [new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice(), undefined];
  const tag = tagOf(data);
  if (tag === 'ArrayBuffer') return [new Uint8Array(data as ArrayBuffer).slice(), undefined];
  return tag === 'URLSearchParams' ? [encode(String(data)), FORM] : undefined;
}

function textOf(data: unknown, forBatch: boolean): Content {
  if (forBatch) return [encode(jsonOf(data)), TEXT];
  if (data === undefined) return [new Uint8Array(), undefined];
  return [encode(typeof data === 'string' ? data : stringify(data)), TEXT];
}

const encode = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/** What an error says is not enumerable, so JSON has nothing of it; nor of an error inside the data, or inside another. */
const withErrors = (_: string, value: unknown): unknown =>
  isError(value) ? { ...value, name: value.name, message: value.message, stack: value.stack } : value;

/** The same, and what lies behind it. */
function withCauses(name: string, value: unknown): unknown {
  if (!isError(value)) return value;
  const { cause, errors } = value as AggregateError;
  return { ...(withErrors(name, value) as object), cause: behind(cause), errors: Array.isArray(errors) ? errors.map(behind) : errors };
}

/** axios' own JSON of an error has its config: headers, credentials, data. Whoever sends another error has not asked for that. */
function behind(error: unknown): unknown {
  if ((error as AxiosError | undefined | null)?.isAxiosError) return { ...(error as AxiosError).toJSON(), config: undefined };
  return typeof error !== 'object' || isError(error) ? error : undefined; // axios errors may be anywhere in it
}

/** What has no JSON behind an error, such as a circular reference, is no reason to lose the error. */
function toJson(data: unknown): string | undefined {
  try {
    return JSON.stringify(data, withCauses);
  } catch {
    return JSON.stringify(data, withErrors);
  }
}

/** Throws where JSON would lose the data in silence: `{}` of a Blob, a Map or a Response; the state of a stream or a promise. */
function stringify(data: unknown): string {
  const { pipe, then } = (data ?? {}) as Record<string, unknown>;
  const text = toJson(data);
  if (text === undefined || (text === '{}' && tagOf(data) !== 'Object') || typeof pipe === 'function' || typeof then === 'function')
    throw new TypeError('It has no JSON');
  return text;
}

/** JSON for an array element or a line. A string that holds a JSON object or array is sent as it is, but on one line. */
function jsonOf(data: unknown): string {
  if (typeof data !== 'string') return stringify(data === undefined ? null : data);
  if (!/^\s*[[{]/.test(data)) return JSON.stringify(data);
  try {
    JSON.parse(data);
    // Valid JSON has line breaks only between tokens.
    return data.replace(/[\r\n]+/g, ' ');
  } catch {
    return JSON.stringify(data);
  }
}

/** Batch options that make no sense are no reason to lose a beacon: they are left at their defaults. */
const usable = (batch: BatchOptions | true): Partial<Full<BatchOptions>> =>
  Object.fromEntries(
    Object.entries(batch).filter(([name, value]) => (name === 'format' ? value === 'lines' : typeof value === 'number' && value > 0)),
  );

/** Joins beacons of one company: into a JSON array, or a line each. One that goes alone stays as it is. */
export function joined(items: readonly Item[]): Item {
  const [first] = items as [Item];
  if (!first.batch) return first;
  const [open, between, close] = first.batch.format === 'lines' ? ['', '\n', '\n'] : ['[', ',', ']'];
  const decoder = new TextDecoder();
  const text = open + items.map(({ body }) => decoder.decode(body)).join(between) + close;
  return { ...first, body: encode(text), count: items.length };
}

/** The size in bytes of the request that the items would make. */
export const sizeOf = (items: readonly Item[]): number => items.reduce((sum, { body }) => sum + body.length + 1, items[0]?.batch ? 1 : -1);
