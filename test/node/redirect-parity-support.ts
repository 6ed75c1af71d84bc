// For the tests that compare redirects with axios' own: the same request goes through stock axios and through a client, to the same
// servers, and everything that a program, or a server, could see of it is set side by side.
import http from 'node:http';
import https from 'node:https';
import { Readable } from 'node:stream';
import axios, { type AxiosInstance, type AxiosRequestConfig, type AxiosResponse } from 'axios';
import { expect } from 'vitest';
import { createClient } from '../bare';
import type { Answer, Seen, Site } from './redirect-parity-site';
import { until } from './support';

export type Log = (...told: unknown[]) => void;
/** Made anew for each of the two; callbacks tell the log what they were told. */
export type Request = (log: Log) => AxiosRequestConfig & { transport?: unknown };

export interface Observed {
  response?: ReturnType<typeof toldOf>;
  error?: Record<string, unknown>;
  seen: Seen[];
  log: unknown[];
  /** What is left in the agents' pools. */
  idle: number;
}

/** Runs a request both ways, and gives what there was to see, once it is the same. */
export async function same(
  site: Site,
  answers: Answer[],
  request: Request,
  alike: (observed: Observed) => unknown = (observed) => observed,
): Promise<Observed> {
  const stock = await observe(site, answers, request, (config) => ({ instance: axios.create(config) }));
  const ours = await observe(site, answers, request, (config) => {
    const instance = createClient(config as never);
    return { instance, close: () => instance.close() };
  });
  expect(alike(ours)).toEqual(alike(stock));
  return ours;
}

type Make = (config: AxiosRequestConfig) => { instance: AxiosInstance; close?: () => Promise<void> };

async function observe(site: Site, answers: Answer[], request: Request, make: Make): Promise<Observed> {
  const log: unknown[] = [];
  const httpAgent = new http.Agent({ keepAlive: true });
  const httpsAgent = new https.Agent({ keepAlive: true, ca: site.ca });
  const config = { httpAgent, httpsAgent, ...request((...told) => log.push(JSON.parse(JSON.stringify(told)))) } as AxiosRequestConfig;
  const agents: http.Agent[] = [config.httpAgent, config.httpsAgent];
  const { instance, close } = make({ proxy: false });
  const observed: Partial<Observed> = {};
  site.begin(answers);
  try {
    const response = await instance.request(config);
    const data = response.data instanceof Readable ? await collect(response.data) : response.data;
    observed.response = toldOf({ ...response, data });
  } catch (error) {
    const { response } = error as { response?: AxiosResponse };
    if (response?.data instanceof Readable) response.data = await collect(response.data);
    observed.error = errorOf(error);
  }
  // A connection is either gone or free: none is forgotten.
  const busy = (): number => agents.flatMap(({ sockets, requests }) => Object.values({ ...sockets, ...requests })).length;
  await until(() => busy() === 0, 'all connections are free or gone');
  const idle = agents.flatMap(({ freeSockets }) => Object.values(freeSockets).flat()).length;
  await close?.();
  for (const agent of agents) agent.destroy();
  await until(() => site.sockets.size === 0, 'no connection is left');
  return { ...observed, seen: site.seen, log, idle };
}

async function collect(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let end = 'end';
  try {
    for await (const chunk of stream) chunks.push(chunk);
  } catch (error) {
    end = String(error);
  }
  return `streamed: ${Buffer.concat(chunks).toString('latin1')}, ${end}`;
}

function toldOf(response: AxiosResponse) {
  const { status, statusText, headers, data, request, config } = response;
  return {
    status,
    statusText,
    headers: { ...headers },
    data: Buffer.isBuffer(data) ? data.toString('base64') : data,
    request: requestOf(request),
    config: configOf(config),
  };
}

const configOf = (config: AxiosRequestConfig | undefined) =>
  config && {
    ...Object.fromEntries(['url', 'method', 'maxRedirects', 'params', 'transport'].map((name) => [name, Reflect.get(config, name)])),
    data: typeof config.data === 'string' || Buffer.isBuffer(config.data) ? String(config.data) : typeof config.data,
    headers: { ...config.headers },
  };

// biome-ignore lint/suspicious/noExplicitAny: axios' own type of a request.
const requestOf = (request: any) =>
  request && {
    ...Object.fromEntries(['path', 'method', 'host', 'protocol', 'reusedSocket', 'aborted'].map((name) => [name, request[name]])),
    headers: request.getHeaders?.(),
    responseUrl: request.res?.responseUrl,
    redirects: request.res?.redirects,
    redirectable: request._redirectable && followedOf(request._redirectable),
  };

// biome-ignore lint/suspicious/noExplicitAny: a class of follow-redirects that has no types.
const followedOf = ({ _currentUrl, _redirectCount, _isRedirect, _redirects, _ended, _options }: any) => ({
  _currentUrl,
  _redirectCount,
  _isRedirect,
  _redirects,
  _ended,
  method: _options.method,
  path: _options.path,
});

function errorOf(error: unknown): Record<string, unknown> {
  const { name, code, message, status, isAxiosError, errno, syscall, cause, response, request, config } = error as Record<string, never>;
  const inner = cause as { name: string; code?: string; message: string; cause?: Error } | undefined;
  return {
    ...{ name, code, message, status, isAxiosError, errno, syscall },
    cause: inner && { name: inner.name, code: inner.code, message: inner.message, cause: inner.cause?.message },
    config: configOf(config),
    response: response && toldOf(response),
    currentUrl: (request as { _currentUrl?: string } | undefined)?._currentUrl,
  };
}
