// Names that are more than names: __proto__ and constructor as keys of options, params and data; line breaks in headers and endpoints.
import axios from 'axios';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { logTo } from '../../src/exporters/log';
import { watchUnhandled } from './failures';
import { outcomeOf, type Peer, peer, type Serve, watch } from './hostile-support';
import { clients, rejection } from './support';

const { client: clientOf, close } = clients();
const unhandled = watchUnhandled();
let server: Peer;
afterEach(async () => {
  await close();
  await server.close();
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
});
afterAll(() => unhandled.none());

const POISON = '{"__proto__": {"polluted": true}, "constructor": {"prototype": {"polluted": true}}, "toString": "polluted", "a": 1}';
const saysJson =
  (json: string): Serve =>
  (socket) =>
    void socket.write(`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${json.length}\r\n\r\n${json}`);

/** The request as it was sent, without what differs by connection. */
const sent = (head: string | undefined): string => (head ?? '').replace(/^(Host|Connection): .*$/gim, '');

describe('keys that every object has', () => {
  it('in a config are no options, and change nothing', async () => {
    server = await peer(saysJson('{"a":1}'), saysJson('{"a":1}'));
    const config = JSON.parse('{"__proto__": {"timeout": 1, "adapter": 1, "deadline": 1, "method": "DELETE"}, "constructor": 5}');
    const client = clientOf(config);
    expect((await client.get(server.url, config)).status).toBe(200);
    expect((await client.create(config).get(server.url, config)).status).toBe(200);
    await axios.get(server.url, { ...config, proxy: false });
    expect(new Set(server.heads.map(sent)).size).toBe(1);
  });

  it.each(['timeout', 'retry', 'breaker', 'limit', 'fallback', 'beacons', 'alerts'])('in %s are refused', async (name) => {
    server = await peer(saysJson('{}'));
    for (const key of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      const option = JSON.parse(`{"${key}": 5}`);
      const refusal = { code: 'ERR_BAD_OPTION_VALUE', message: expect.stringContaining(`${name}.${key}: `) };
      expect(() => clientOf({ [name]: option })).toThrow(expect.objectContaining(refusal));
    }
    expect(server.heads).toEqual([]);
  });

  it('in params and data are sent as axios sends them', async () => {
    server = await peer(saysJson('{}'), saysJson('{}'));
    const config = { method: 'post', url: server.url, params: JSON.parse(POISON), data: JSON.parse(POISON) };
    const client = clientOf();
    const { calls } = watch(client);
    await client.request(config);
    await axios.request({ ...config, proxy: false });
    const [ours, theirs] = server.heads.map(sent);
    expect(ours).toBe(theirs);
    expect(calls[0]?.url).toMatch(/\?.*&a=REDACTED$/);
    expect(calls[0]?.url).not.toContain('polluted');
  });

  it('in an answer are data, also in a copy that is kept', async () => {
    server = await peer(saysJson(POISON), (socket) => void socket.destroy());
    const client = clientOf({ fallback: { staleFor: 10_000 } });
    const fresh = await client.get(server.url);
    const stale = await client.get(server.url);
    expect(stale).toMatchObject({ fallback: 'stale' });
    for (const { data } of [fresh, stale]) {
      expect(JSON.stringify(data)).toBe(JSON.stringify(JSON.parse(POISON)));
      expect(Object.keys(data)).toContain('__proto__');
    }
  });

  it('are endpoints like any other', async () => {
    server = await peer(saysJson('{}'), saysJson('{}'));
    const client = clientOf({ breaker: {}, limit: { rate: 10, concurrency: 5 } });
    for (const endpoint of ['__proto__', 'constructor', 'toString']) {
      expect(client.breakers.get(endpoint)).toMatchObject({ endpoint, state: 'closed', calls: 0 });
      expect(client.stats.get(endpoint)).toBeUndefined();
      await client.get(server.url, { endpoint });
      expect(client.breakers.get(endpoint)).toMatchObject({ endpoint, calls: 1 });
      expect(client.stats.get(endpoint)).toMatchObject({ endpoint, calls: 1, attempts: 1 });
    }
  });
});

describe('line breaks', () => {
  const BROKEN = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\nX-Evil: 1';

  it.each(['traceparent', 'tracestate', 'baggage'])('in %s send no header of their own, and no such trace', async (name) => {
    server = await peer(saysJson('{}'), saysJson('{}'));
    const client = clientOf({ propagateTrace: true });
    const { calls } = watch(client);
    const outcome = await outcomeOf(client.get(server.url, { headers: { [name]: BROKEN } }));
    const [head] = server.heads;
    expect(outcome).toBe(await outcomeOf(axios.get(server.url, { headers: { [name]: BROKEN }, proxy: false })));
    expect(head ?? '').not.toMatch(/^x-evil/im);
    expect(calls[0]?.traceId).toMatch(/^[\da-f]{32}$/);
  });

  it.each(['x\r\nX-Evil: 1', 'x\nX-Evil', 'x: 1', 'x y', '\0', 'é'])(
    'in the name of the deadline header are refused: %j',
    async (deadlineHeader) => {
      server = await peer(saysJson('{}'));
      const client = clientOf();
      expect(() => clientOf({ deadlineHeader })).toThrow(/^deadlineHeader: /);
      expect(await outcomeOf(client.get(server.url, { deadlineHeader }))).toBe('ERR_BAD_OPTION_VALUE');
      expect(server.heads).toEqual([]);
    },
  );

  it.each([
    ['a name', 'evil\r\nX-Evil: 1'],
    ['a function', () => 'evil\r\nX-Evil: 1'],
  ])('in an endpoint, by %s, reach neither the wire nor a line of the log', async (_, endpoint) => {
    server = await peer(saysJson('{}'), (socket) => void socket.pause());
    const client = clientOf({ endpoint, deadlineHeader: 'x-left', propagateTrace: true, timeout: { read: 50 } });
    const lines: string[] = [];
    logTo(client, (_line, message) => void lines.push(message));
    await client.get(server.url);
    await rejection(client.get(server.url));
    for (const head of server.heads) expect(head).not.toMatch(/evil/i);
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toMatch(/[\r\n]/);
  });

  it('in a URL break nothing', async () => {
    server = await peer(saysJson('{}'), saysJson('{}'));
    const client = clientOf();
    const { calls } = watch(client);
    const url = `${server.url}a\r\nX-Evil: 1\r\n\r\nGET /b HTTP/1.1`;
    expect(await outcomeOf(client.get(url))).toBe(await outcomeOf(axios.get(url, { proxy: false })));
    for (const head of server.heads) expect(head).not.toMatch(/^x-evil/im);
    expect(JSON.stringify(calls)).not.toMatch(/\\[rn]/);
  });
});
