// The clients that are compared, each set up as its users would for one upstream: keep-alive, and the timeouts and policies it has.
import http from 'node:http';
import axios from 'axios';
import axiosRetry from 'axios-retry';
import got from 'got';
import ky from 'ky';
import CircuitBreaker from 'opossum';
import { Agent, RetryAgent, request } from 'undici';
import { createClient } from '../../dist/node.js';

/**
 * @typedef {object} Lane One client.
 * @property {(url: string) => Promise<unknown>} json A small JSON answer, parsed.
 * @property {(url: string) => Promise<unknown>} [bytes] A megabyte, as bytes.
 * @property {(url: string) => Promise<unknown>} [stream] A megabyte, as a stream that is read.
 * @property {(url: string, body: Buffer) => Promise<unknown>} [upload] A megabyte sent.
 */

const agent = () => new http.Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });

/** Reads to the end; axios' fetch adapter returns a web stream. @param {NodeJS.ReadableStream | ReadableStream} stream */
async function drain(stream) {
  for await (const _ of stream);
}

/**
 * @param {Pick<import('axios').AxiosInstance, 'get' | 'post'>} client
 * @returns {Lane}
 */
const axiosLane = (client) => ({
  json: async (url) => (await client.get(url)).data,
  bytes: async (url) => (await client.get(url, { responseType: 'arraybuffer' })).data,
  stream: async (url) => drain((await client.get(url, { responseType: 'stream' })).data),
  upload: async (url, body) => (await client.post(url, body)).data,
});

function retrying() {
  const instance = axios.create({ httpAgent: agent(), timeout: 10_000 });
  axiosRetry(instance, { retries: 2 });
  return instance;
}

/** @returns {Lane} */
function broken() {
  const instance = retrying();
  const breaker = new CircuitBreaker((/** @type {string} */ url) => instance.get(url), { timeout: 10_000, errorThresholdPercentage: 50 });
  return { json: async (url) => /** @type {any} */ (await breaker.fire(url)).data };
}

/** @returns {Lane} */
function rawHttp() {
  const keepAlive = agent();
  const json = (/** @type {string} */ url) =>
    new Promise((resolve, reject) => {
      const sent = http.get(url, { agent: keepAlive }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => resolve(JSON.parse(text)));
      });
      sent.on('error', reject);
    });
  return { json };
}

/** @returns {Lane} */
function undici() {
  const dispatcher = new RetryAgent(new Agent({ connections: 1_000, headersTimeout: 10_000, bodyTimeout: 10_000 }), { maxRetries: 2 });
  return { json: async (url) => (await request(url, { dispatcher })).body.json() };
}

/** @returns {Lane} */
function phasedGot() {
  const timeout = { lookup: 3_000, connect: 3_000, send: 10_000, response: 10_000, read: 10_000 };
  const client = got.extend({ agent: { http: agent() }, timeout, retry: { limit: 2 } });
  return { json: (url) => client(url).json() };
}

/** Every limit of an attempt, plus rate and concurrency limits; retry, breaker, statistics and alerts are on by default. */
function everything() {
  const limits = ['queue', 'connect', 'lookup', 'tcp', 'proxy', 'tls', 'send', 'response', 'read', 'body', 'total'];
  const timeout = Object.fromEntries(limits.map((limit) => [limit, 10_000]));
  return createClient({ timeout, limit: { rate: 1e9, concurrency: 1e6, maxQueue: 1e6 } });
}

/** The first is the baseline for the others. @type {Record<string, () => Lane>} */
export const lanes = {
  axios: () => axiosLane(axios.create({ httpAgent: agent() })),
  Breakwater: () => axiosLane(createClient()),
  'Breakwater, everything on': () => axiosLane(everything()),
  'axios + axios-retry': () => axiosLane(retrying()),
  'axios + axios-retry + opossum': broken,
  'got, phase timeouts': phasedGot,
  ky: () => ({ json: (url) => ky(url, { timeout: 10_000, retry: 2 }).json() }),
  'axios, fetch adapter': () => axiosLane(axios.create({ adapter: 'fetch' })),
  'undici + RetryAgent': undici,
  'raw http': rawHttp,
};
