// For the tests that compare a client with stock axios: the same requests go through both, to the same servers, and everything that a
// program, or a server, could see is set side by side.
import http from 'node:http';
import https from 'node:https';
import { Readable } from 'node:stream';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import axios, { type AxiosInstance, type AxiosRequestConfig, type AxiosResponse } from 'axios';
import { afterAll, beforeAll, expect } from 'vitest';
import { createClient } from '../bare';
import { watchUnhandled } from './failures';
import { type Answer, type Exchange, ParitySite } from './parity-site';
import { Teller } from './parity-tell';
import { GENEROUS } from './support';

export type Log = (...told: unknown[]) => void;
/** axios' options, and those that its types keep to themselves. */
export type Config = Omit<AxiosRequestConfig, 'family' | 'lookup' | 'transport' | 'headers' | 'responseEncoding' | 'httpVersion'> & {
  [name: string]: unknown;
};
/** Made anew for each of the two; callbacks tell the log what they were told. */
export type Request = (log: Log) => Config;
/** Several requests, or more than one request. What it gives is told too. */
export type Scenario = (api: AxiosInstance, log: Log) => Promise<unknown>;

export interface Observed {
  // biome-ignore lint/suspicious/noExplicitAny: told, and read by what is expected.
  outcome: any;
  connections: Exchange[][];
  log: unknown[];
  /** What is left in the agents' pools. */
  idle: number;
}

export interface Options {
  /** Of the instance, not of the request. */
  defaults?: Config;
  /** Milliseconds until a call is told to have settled never. */
  patience?: number;
  /** Narrows what is compared. */
  alike?: (observed: Observed) => unknown;
}

export interface Parity {
  readonly site: ParitySite;
  /** Gives what there was to see, once it is the same. */
  same(answers: Answer[], request: Request, options?: Options): Promise<Observed>;
  sameScenario(answers: Answer[], run: Scenario, options?: Options): Promise<Observed>;
  /** A URL of one of the servers. */
  url(path?: string, server?: keyof ParitySite['origins']): string;
}

/** The servers of a test file, and a check at its end that nothing was left unhandled. */
export function parity(): Parity {
  const unhandled = watchUnhandled();
  let site: ParitySite;
  beforeAll(async () => {
    site = await ParitySite.start();
  });
  afterAll(async () => {
    site.close();
    await unhandled.none();
  });
  const sameScenario: Parity['sameScenario'] = async (
    answers,
    run,
    { defaults = {}, patience = GENEROUS, alike = (all: Observed): unknown => all } = {},
  ) => {
    const stock = await observe(site, answers, run, { defaults, patience }, (config) => ({ api: axios.create(config) }));
    const ours = await observe(site, answers, run, { defaults, patience }, (config) => {
      const api = createClient(config as never);
      return { api, close: () => api.close() };
    });
    expect(alike(ours)).toStrictEqual(alike(stock));
    return ours;
  };
  return {
    get site() {
      return site;
    },
    url: (path = '/a?b=1', server = 'http') => site.origins[server] + path,
    sameScenario,
    async same(answers, request, options) {
      const broken: unknown[] = [];
      const config = (log: Log): Config => {
        try {
          return request(log);
        } catch (error) {
          broken.push(error);
          return {};
        }
      };
      const observed = await sameScenario(answers, (api, log) => api.request(config(log) as AxiosRequestConfig), options);
      if (broken.length) throw broken[0];
      return observed;
    },
  };
}

type Make = (config: AxiosRequestConfig) => { api: AxiosInstance; close?: () => Promise<void> };

async function observe(site: ParitySite, answers: Answer[], run: Scenario, options: Options, make: Make): Promise<Observed> {
  const log: unknown[] = [];
  const httpAgent = new http.Agent({ keepAlive: true });
  const httpsAgent = new https.Agent({ keepAlive: true, ca: site.ca });
  const config = { proxy: false, httpAgent, httpsAgent, ...options.defaults } as AxiosRequestConfig;
  const agents = [config.httpAgent, config.httpsAgent].filter((agent): agent is http.Agent => agent instanceof http.Agent);
  const teller = new Teller({ httpAgent: config.httpAgent, httpsAgent: config.httpsAgent });
  const { api, close } = make(config);
  site.begin(answers);
  let outcome: unknown;
  try {
    const result = run(api, (...told) => log.push(teller.tell(told, `log[${log.length}]`)));
    outcome = { fulfilled: await orNever(result, options.patience) };
    await read((outcome as { fulfilled: AxiosResponse }).fulfilled?.data, teller);
  } catch (error) {
    await read((error as { response?: AxiosResponse } | undefined)?.response?.data, teller);
    outcome = { rejected: error };
  }
  const count = (...pools: NodeJS.ReadOnlyDict<unknown[]>[]): number => pools.flatMap((pool) => Object.values(pool).flat()).length;
  const busy = (): number => agents.reduce((sum, { sockets, requests }) => sum + count(sockets, requests), 0);
  const idle = (): number => agents.reduce((sum, { freeSockets }) => sum + count(freeSockets), 0);
  // A connection is either gone or free: none is forgotten. And what a server ended is noticed.
  await until(() => busy() === 0 && idle() <= site.open, 'all connections are free or gone');
  const left = idle();
  const told = teller.tell(outcome);
  await close?.();
  for (const agent of [...agents, http.globalAgent, https.globalAgent]) agent.destroy();
  await until(() => site.sockets.size === 0, 'no connection is left');
  return { outcome: told, connections: site.connections, log, idle: left };
}

/** Reads what was handed out as a stream. */
async function read(data: unknown, teller: Teller): Promise<void> {
  if (!(data instanceof Readable)) return;
  const chunks: Buffer[] = [];
  const facts: Record<string, unknown> = {};
  teller.streams.set(data, facts);
  const whole = async (): Promise<void> => {
    for await (const chunk of data) chunks.push(Buffer.from(chunk));
  };
  await orNever(whole()).then(
    (end) => Object.assign(facts, { end }),
    (error) => Object.assign(facts, { error }),
  );
  // How much came through zlib's threads before a failure is chance.
  if (!facts.error || data instanceof http.IncomingMessage) facts.streamed = Buffer.concat(chunks);
}

const orNever = (promise: Promise<unknown>, patience = GENEROUS): Promise<unknown> =>
  Promise.race([promise, sleep(patience, 'never', { ref: false })]);

/** As soon as it holds: there are thousands of these. */
async function until(holds: () => boolean, what: string): Promise<void> {
  const end = performance.now() + GENEROUS;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`still waiting until ${what}`);
    await nextTurn();
  }
}
