// Runs in a service worker, for service-worker.test.ts: the same requests by stock axios and by a client.
import axios, { type AxiosInstance, type AxiosRequestConfig } from 'axios';
import { createClient } from '../bare';

/** What came of a request. */
export type Ended = [status: number, data: unknown] | string;

const LATIN1 = { headers: { 'Content-Type': 'text/plain; charset=latin1' } };
const credentials = async (request: unknown): Promise<Response> => new Response((request as Request).credentials);

const REQUESTS: AxiosRequestConfig[] = [
  { env: { fetch: credentials } },
  { env: { fetch: credentials }, withCredentials: false },
  { env: { fetch: credentials }, withCredentials: true },
  { env: { fetch: credentials }, data: { a: 1 } },
  { env: { fetch: async () => new Response(new Uint8Array([0xe4]), LATIN1) } },
];

const end = (instance: AxiosInstance, config: AxiosRequestConfig): Promise<Ended> =>
  instance.request({ url: '/path', ...config }).then(({ status, data }): Ended => [status, data], String);

addEventListener('message', async ({ ports }: MessageEvent) => {
  const client = createClient();
  const ended: { stock: Ended[]; ours: Ended[] } = { stock: [], ours: [] };
  for (const request of REQUESTS) {
    ended.stock.push(await end(axios.create(), request));
    ended.ours.push(await end(client, request));
  }
  await client.close();
  ports[0]?.postMessage(ended);
});
