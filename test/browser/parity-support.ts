// For the tests that compare a client with stock axios in a page: the same request goes both ways, and all that a program, or a server,
// could see of it is set side by side.
import axios, { type AxiosInstance, type AxiosRequestConfig } from 'axios';
import { expect, inject } from 'vitest';
import { createClient } from '../bare';
import type { Answer, Seen } from '../setup/parity-site';
import { type Told, toldOf, toldOfError, toldOfResponse } from './parity-told';
import { cleanly, sleep } from './support';

cleanly();

export type Adapter = 'fetch' | 'xhr';

/** An adapter that the user names, or axios' own list. */
export type Choice = Adapter | 'default';
export const CHOICES: Choice[] = ['fetch', 'xhr', 'default'];

/** What a request is made with, anew for each of the two. */
export interface Kit {
  /** A URL of the first site. */
  at(path: string, answer?: Answer): string;
  /** One of the second, another origin. */
  other(path: string, answer?: Answer): string;
  /** One of the page's own origin, absolute; `relative` is the same without the origin. */
  own(path: string, answer?: Answer): string;
  relative(path: string, answer?: Answer): string;
  log(...told: unknown[]): void;
  /** Runs once a request has reached a server. */
  whenSent(run: () => void): void;
}

export type Make = (kit: Kit) => AxiosRequestConfig;

export interface Observed {
  response?: Told;
  error?: Told;
  seen: Told[];
  log: Told[];
}

export interface Options {
  /** What the client's own config is; the request's goes over it. */
  create?: Make;
  /** Takes away where the two differ on purpose: the reason stands beside it. */
  alike?: (observed: Observed) => unknown;
  /** Does something to the instance first. */
  prepare?: (instance: AxiosInstance, kit: Kit) => void;
  /** Makes the call, where `request(config)` is not it. */
  call?: (instance: AxiosInstance, config: AxiosRequestConfig) => Promise<unknown>;
  /** What stock axios takes where the choice is its own: a client takes fetch wherever that can do it. */
  stock?: Adapter;
}

/** For what fetch does as XHR does, in place of XHR: all but the request, which is of another class. */
export const AS_XHR: Options = {
  stock: 'xhr',
  alike: ({ seen, log, ...ended }) => {
    for (const told of [ended.response, ended.error] as ({ request?: Told; response?: Told } | undefined)[]) {
      for (const one of [told, told?.response as typeof told]) delete one?.request;
    }
    return { seen, log, ...ended };
  },
};

let runs = 0;

/** Tells the runs of one file from another's: some of them reach the servers late. */
const PAGE = crypto.randomUUID().slice(0, 8);

/** Runs a request both ways, and gives what there was to see, once it is the same. */
export async function same(choice: Choice, make: Make, options: Options = {}): Promise<Observed> {
  const { alike = (observed) => observed, stock = 'fetch' } = options;
  const run = `run-${PAGE}-${++runs}`;
  const theirs = await observe(run, make, options, (config) => ({
    instance: axios.create({ adapter: choice === 'default' ? stock : choice, ...config }),
  }));
  const ours = await observe(run, make, options, (config) => {
    const client = createClient({ ...(choice !== 'default' && { adapter: choice }), ...config } as object);
    return { instance: client, close: () => client.close() };
  });
  const comparable = (observed: Observed): unknown => alike(JSON.parse(withoutChance(observed, choice)));
  expect(comparable(ours)).toEqual(comparable(theirs));
  return ours;
}

type Create = (config: AxiosRequestConfig) => { instance: AxiosInstance; close?: () => Promise<void> };

async function observe(run: string, make: Make, options: Options, create: Create): Promise<Observed> {
  const log: Told[] = [];
  const controls = new AbortController();
  const kit = kitFor(run, log, controls.signal);
  const { instance, close } = create(options.create?.(kit) ?? {});
  options.prepare?.(instance, kit);
  const observed: Pick<Observed, 'response' | 'error'> = {};
  try {
    const config = make(kit);
    const response = await (options.call?.(instance, config) ?? instance.request(config));
    observed.response = await toldOfResponse(response);
  } catch (error) {
    observed.error = await toldOfError(error);
  }
  controls.abort();
  await close?.();
  return { ...observed, seen: (await sent(run)).map(toldOfSeen), log };
}

function kitFor(run: string, log: Told[], over: AbortSignal): Kit {
  const [first, second] = inject('sites');
  const url = (origin: string) => (path: string, answer?: Answer) => {
    const query = answer ? `?${new URLSearchParams({ answer: JSON.stringify(answer) })}` : '';
    return `${origin}/${run}/${path}${query}`;
  };
  return {
    at: url(first),
    other: url(second),
    own: url(`${location.origin}/__parity`),
    relative: url('/__parity'),
    log: (...told) => void log.push(toldOf(told)),
    whenSent: async (act) => {
      while (!over.aborted && (await sent(run, true)).length === 0) await sleep(10);
      act();
    },
  };
}

/** What the servers saw of a run, in the order in which they saw it. */
async function sent(run: string, peek = false): Promise<Seen[]> {
  const [first] = inject('sites');
  const origins = [first, '/__parity']; // the two sites are in one process, the page's own server may be in another
  const all = await Promise.all(origins.map(async (origin) => (await fetch(`${origin}/${run}/seen${peek ? '?peek' : ''}`)).json()));
  return all.flat();
}

function toldOfSeen({ method, url, headers, body }: Seen): Told {
  const pairs = headers.flatMap((name, index) => (index % 2 ? [] : [`${name}: ${headers[index + 1]}`]));
  return { method: method ?? '', url: url ?? '', headers: pairs.sort(), body };
}

/** Boundaries and object URLs are made by chance; and stock axios was told its adapter by name where the client chose for itself. */
function withoutChance(observed: Observed, choice: Choice): string {
  const told = JSON.stringify(observed, (key, value) => (choice === 'default' && key === 'adapter' ? undefined : value));
  return told.replace(/(----WebKitFormBoundary|axios-)\w+/g, 'boundary').replace(/(blob:http[^/]*..[^/]*)[^"]*/g, '$1');
}
