// Through a proxy a client sends what stock axios sends, to the proxy and beyond it.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reply } from './parity-site';
import { type Observed, parity } from './parity-support';

const { same, url } = parity();
const proxy = (more: object = {}): object => ({
  protocol: 'http',
  host: '127.0.0.1',
  port: Number(new URL(url('', 'other')).port),
  ...more,
});

/** The client routes beneath the request, so Node names the host, not axios: `Host`, in another place. */
const named = (head: string): string[] => {
  const [line = '', ...headers] = head.split('\r\n');
  // axios makes a tunnel for each request, the client keeps them.
  const kept = headers.filter((header) => !/^connection:/i.test(header));
  return [line, ...kept.map((header) => header.replace(/^[^:]*/, (name) => name.toLowerCase())).sort()];
};
/** What goes to the proxy and beyond it, and what comes of it; not the request's inside, which tells of the routing. */
const alike = ({ outcome: { fulfilled, rejected }, connections }: Observed): unknown => {
  const { status, statusText, headers, data, config, request } = fulfilled ?? rejected.response ?? {};
  return {
    ...{ status, statusText, headers, data, config: config ?? rejected?.config },
    ...(rejected && { name: rejected.name, code: rejected.code, message: rejected.message }),
    path: request?.path,
    responseUrl: request?.res?.IncomingMessage.responseUrl,
    connections: connections.map((exchanges) => exchanges.map(({ head, ...rest }) => ({ ...rest, head: named(head) }))),
  };
};

describe('a request of http', () => {
  it.each<[string, () => Record<string, unknown>]>([
    ['plain', () => ({ proxy: proxy() })],
    ['with a query', () => ({ proxy: proxy(), params: { a: 1 } })],
    ['with a body', () => ({ proxy: proxy(), method: 'post', data: { a: 1 } })],
    ['with credentials for the proxy', () => ({ proxy: proxy({ auth: { username: 'us:er', password: 'pä' } }) })],
    ['with credentials for the proxy, as text', () => ({ proxy: proxy({ auth: 'user:pass' }) })],
    [
      'with a name for the proxy, and credentials that are none',
      () => ({ proxy: proxy({ username: 'user', password: 'pass', auth: {} }) }),
    ],
    ['with a header for the proxy', () => ({ proxy: proxy(), headers: { 'Proxy-Authorization': 'Basic b3du' } })],
    ['with a host of its own', () => ({ proxy: proxy(), headers: { Host: 'virtual.test' } })],
    ['with hostname', () => ({ proxy: proxy({ host: undefined, hostname: '127.0.0.1' }) })],
    ['with a port as text', () => ({ proxy: proxy({ port: String(new URL(url('', 'other')).port) }) })],
    ['that waits for 100', () => ({ proxy: proxy(), method: 'post', data: { a: 1 }, headers: { Expect: '100-continue' } })],
    [
      'that waits for 100, with credentials for the proxy',
      () => ({ proxy: proxy({ auth: 'user:pass' }), method: 'put', data: 'x', headers: { Expect: '100-continue' } }),
    ],
    ['to a port of its own', () => ({ proxy: proxy(), url: 'http://name.test:8080/x' })],
    ['to the port of http', () => ({ proxy: proxy(), url: 'http://name.test:80/x' })],
    ['without follow-redirects', () => ({ proxy: proxy(), maxRedirects: 0 })],
    ['as a stream', () => ({ proxy: proxy(), responseType: 'stream' })],
    ['that refuses', () => ({ proxy: proxy({ port: 1 }) })],
  ])('%s', async (_, config) => {
    await same([], () => ({ url: url(), ...config() }), { alike });
    await same([{ send: [reply({ status: 407, body: 'no' })] }], () => ({ url: url(), ...config() }), { alike });
    await same([{ send: [reply({ status: 302, headers: [['Location', 'http://next.test/n']] })] }], () => ({ url: url(), ...config() }), {
      alike,
    });
  });
});

describe('a request of https', () => {
  it.each<[string, () => Record<string, unknown>]>([
    ['plain', () => ({ proxy: proxy() })],
    ['with credentials', () => ({ proxy: proxy({ auth: { username: 'us:er', password: 'pä' } }) })],
    ['with a header for the proxy', () => ({ proxy: proxy(), headers: { 'Proxy-Authorization': 'Basic b3du' } })],
    ['with a body', () => ({ proxy: proxy(), method: 'post', data: { a: 1 } })],
    ['without follow-redirects', () => ({ proxy: proxy(), maxRedirects: 0 })],
  ])('%s', async (_, config) => {
    // By name: axios' tunnel does not reach an address from Node 26 on, which refuses to name one in TLS.
    const named = url('/s', 'https').replace('127.0.0.1', 'localhost');
    const { connections } = await same([], () => ({ url: named, ...config() }), { alike });
    expect(connections.map(([first]) => first?.server)).toEqual(['other', 'https']);
  });
});

describe('the environment', () => {
  const NAMES = ['http_proxy', 'https_proxy', 'no_proxy', 'all_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'ALL_PROXY'];
  const before = { ...process.env };
  const set = (values: Record<string, string>): void => void Object.assign(process.env, values);
  const clear = (): void => {
    for (const name of NAMES) Reflect.deleteProperty(process.env, name);
  };
  beforeEach(clear);
  afterEach(() => {
    clear();
    set(before as Record<string, string>);
  });

  it.each<[string, Record<string, string>, boolean]>([
    ['a proxy', { http_proxy: 'PROXY' }, true],
    ['a proxy in capitals', { HTTP_PROXY: 'PROXY' }, true],
    ['a proxy with credentials', { http_proxy: 'AUTH' }, true],
    ['a proxy with credentials that are no encoding', { http_proxy: 'ODD' }, true],
    ['a proxy for all', { all_proxy: 'PROXY' }, true],
    ['a proxy of the other kind', { https_proxy: 'PROXY' }, false],
    ['one to be passed by', { http_proxy: 'PROXY', no_proxy: 'name.test' }, false],
    ['one to be passed by for a suffix', { http_proxy: 'PROXY', no_proxy: '.test' }, false],
    ['one to be passed by for others', { http_proxy: 'PROXY', no_proxy: 'other.test,name.test:81' }, true],
    ['one to be passed by always', { http_proxy: 'PROXY', NO_PROXY: '*' }, false],
  ])('%s', async (_, values, through) => {
    const at = new URL(url('', 'other')).host;
    set(
      Object.fromEntries(
        Object.entries(values).map(([name, value]) => [
          name,
          value.replace('PROXY', `http://${at}`).replace('AUTH', `http://user:pass@${at}`).replace('ODD', `http://user:100%@${at}`),
        ]),
      ),
    );
    const lookup = (_: string, __: unknown, done: (...answer: unknown[]) => void): unknown => setImmediate(done, null, '127.0.0.1', 4);
    const named = (): string => url().replace('127.0.0.1', 'name.test');
    const { connections } = await same([], () => ({ url: named(), lookup }), { alike, defaults: { proxy: undefined } as never });
    expect(connections[0]?.[0]?.server).toBe(through ? 'other' : 'http');
    await same([], () => ({ url: named(), lookup }), { alike, defaults: { proxy: false } });
  });
});
