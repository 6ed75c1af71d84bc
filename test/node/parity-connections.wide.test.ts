// Connections of a client are those of stock axios: agents, reuse, and what becomes of them.
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AxiosInstance } from 'axios';
import { describe, expect, it } from 'vitest';
import { type Answer, reply } from './parity-site';
import { type Config, parity } from './parity-support';

const held = parity();
const { same, sameScenario, url } = held;

type Outcome = {
  status?: number;
  data?: unknown;
  code?: string;
  reused?: boolean;
  request?: { reusedSocket: boolean; _currentRequest?: { reusedSocket: boolean } };
};
const told = ({ status, data, code, request }: Outcome): Outcome =>
  ({
    ...{ status, data, code },
    reused: (request?._currentRequest ?? request)?.reusedSocket,
  }) as Outcome;
/** One after the other, through one instance. */
async function inTurn(api: AxiosInstance, configs: Config[], pause = 2): Promise<unknown[]> {
  const outcomes: unknown[] = [];
  for (const config of configs) {
    outcomes.push(await api.request(config as never).then(told, (error) => told({ ...error.response, ...error })));
    await sleep(pause);
  }
  return outcomes;
}
const thrice = (config: Config = {}): Config[] => [1, 2, 3].map((i) => ({ url: url(`/${i}`), ...config }));

describe('reuse', () => {
  it.each<[string, Answer, Config?]>([
    ['after an answer', { send: [reply({ body: 'x' })] }],
    ['after chunks', { send: [reply({ body: 'x', framing: 'chunked' })] }],
    ['after nothing', { send: [reply({ status: 204, framing: 'none' })] }],
    ['after an error', { send: [reply({ status: 500, body: 'x'.repeat(50_000) })] }],
    ['after HEAD', { send: [reply({ headers: [['Content-Length', '5']], framing: 'none' })] }, { method: 'head' }],
    ['after POST', { send: [reply({ body: '{}' })] }, { method: 'post', data: { a: 1 } }],
    ['after an end', { send: [reply({ body: 'x', framing: 'close' })], ending: 'end' }],
    ['after an end that was not told', { send: [reply({ body: 'x' })], ending: 'end' }],
    ['after too much', { send: [reply({ body: 'x'.repeat(50_000) })] }, { maxContentLength: 10 }],
    ['after what did not decompress', { send: [reply({ headers: [['Content-Encoding', 'gzip']], body: 'x'.repeat(99) })] }],
    ['after no redirect', { send: [reply({ status: 302, headers: [['Location', '/x']], body: 'x' })] }, { maxRedirects: 0 }],
    ['after an interim answer', { send: ['HTTP/1.1 103 Early Hints\r\n\r\n', 2, reply({ body: 'x' })] }],
    ['told to close', { send: [reply({ headers: [['Connection', 'close']], body: 'x' })] }],
    ['asked to close', { send: [reply({ body: 'x' })] }, { headers: { Connection: 'close' } }],
  ])('%s', async (_, answer, config) => {
    const pause = answer.ending === 'end' ? 100 : 2; // else the next request may be there before the end is
    for (const server of ['http', 'https'] as const) {
      await sameScenario([answer, answer], (api) => inTurn(api, thrice({ ...config, baseURL: url('', server), url: '/x' }), pause));
    }
  });

  it('of a connection that is reset while it is idle', async () => {
    const answer: Answer = { send: [reply({ body: 'x' }), 3], ending: 'reset' };
    await sameScenario([answer], (api) => inTurn(api, thrice(), 150));
  });

  it('of an answer that is not read, or not to its end', async () => {
    const answer: Answer = { send: [reply({ body: 'x'.repeat(400_000) })] };
    await sameScenario([answer, answer], async (api) => {
      const { data } = await api.get(url('/1'), { responseType: 'stream' });
      const second = await api.get(url('/2'));
      data.destroy();
      await sleep(10);
      return [told(second), told(await api.get(url('/3')))];
    });
  });

  it('leaves no listeners behind', async () => {
    const { outcome } = await sameScenario([], async (api) => {
      const counts: number[][] = [];
      for (let i = 0; i < 4; i++) {
        const { socket } = (await api.get(url())).request;
        await sleep(2);
        counts.push(['error', 'close', 'free', 'data', 'end', 'drain', 'connect'].map((event) => socket.listenerCount(event)));
      }
      const [, second, , last] = counts;
      return second?.every((count, i) => count === last?.[i]);
    });
    expect(outcome.fulfilled).toBe(true);
  });
});

describe('agents', () => {
  const agentsOf = (options: http.AgentOptions): Config => ({
    httpAgent: new http.Agent(options),
    httpsAgent: new https.Agent({ ...options, ca: held.site.ca }),
  });

  it.each<[string, http.AgentOptions]>([
    ['keepAlive', { keepAlive: true }],
    ['keepAlive with its own delay', { keepAlive: true, keepAliveMsecs: 500 }],
    ['no keepAlive', { keepAlive: false }],
    ['one socket', { keepAlive: true, maxSockets: 1 }],
    ['no free sockets', { keepAlive: true, maxFreeSockets: 0 }],
    ['two in all', { keepAlive: true, maxTotalSockets: 2 }],
    ['a timeout', { keepAlive: true, timeout: 9_000 }],
    ['last in, first out', { keepAlive: true, scheduling: 'lifo' }],
  ])('%s', async (_, options) => {
    for (const where of ['defaults', 'request'] as const) {
      const given = agentsOf(options);
      const destroy = (): void => [given.httpAgent, given.httpsAgent].forEach((agent) => void (agent as http.Agent).destroy());
      const run = async (api: AxiosInstance): Promise<unknown> => {
        const config = where === 'request' ? given : {};
        const together = await Promise.all(thrice(config).map((request) => api.request(request as never).then(told)));
        const after = await inTurn(api, [...thrice(config), { url: url('/s', 'https'), ...config }]);
        if (where === 'request') destroy();
        return [together.map(({ status }) => status), after];
      };
      // Which of several at once is the first to be heard is chance.
      const alike = ({ connections, ...rest }: { connections: { head: string }[][] }): unknown => ({
        ...rest,
        connections: connections.map(({ length }) => length).sort(),
      });
      await sameScenario([], run, { alike: alike as never, ...(where === 'defaults' && { defaults: given }) });
      destroy();
    }
  });

  it('none, and none but of the other kind', async () => {
    const { options } = https.globalAgent;
    options.ca = held.site.ca;
    for (const server of ['http', 'https'] as const) {
      await same([], () => ({ url: url('/', server) }), { defaults: { httpAgent: undefined, httpsAgent: undefined } });
      await same([], () => ({ url: url('/', server), maxRedirects: 0 }), { defaults: { httpAgent: undefined, httpsAgent: undefined } });
      await same([], () => ({ url: url('/', server), httpAgent: undefined }));
    }
    delete options.ca;
  });

  it('of false, which is a new one for each request', async () => {
    const redirect: Answer = { send: [reply({ status: 307, headers: [['Location', '/there']] })] };
    const { options } = https.globalAgent;
    options.ca = held.site.ca;
    for (const server of ['http', 'https'] as const) {
      const config = { baseURL: url('', server), httpAgent: false, httpsAgent: false };
      await sameScenario([], (api) => inTurn(api, thrice({ ...config, url: '/x' })));
      await same([redirect], () => ({ ...config, url: '/here', method: 'post', data: { a: 1 } }));
      await same([redirect], () => ({ ...config, url: '/here', maxRedirects: 0 }));
    }
    delete options.ca;
  });

  it('with connections of their own making', async () => {
    const made: unknown[] = [];
    class Own extends http.Agent {
      override createConnection(options: net.NetConnectOpts): net.Socket {
        made.push(Object.keys(options).includes('host'));
        return net.connect({ ...options, port: Number(new URL(url('', 'other')).port) } as net.NetConnectOpts);
      }
    }
    const { connections } = await sameScenario([], (api) => inTurn(api, thrice()), {
      defaults: { httpAgent: new Own({ keepAlive: true }) },
    });
    expect(connections[0]?.[0]?.server).toBe('other');
    expect(made).toEqual([true, true]);
  });

  it('that fail to connect', async () => {
    class Broken extends http.Agent {
      override createConnection(): net.Socket {
        throw new Error('no connection');
      }
    }
    class Late extends http.Agent {
      override createConnection(_: unknown, done?: (error: Error, stream: never) => void): net.Socket {
        setImmediate(() => done?.(new Error('no connection, later'), undefined as never));
        return undefined as never;
      }
    }
    for (const httpAgent of [new Broken(), new Late()]) await same([], () => ({ url: url(), httpAgent }));
  });
});
