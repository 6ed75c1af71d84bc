// nock stands in for the network, and its answers are held to the limits.
import nock from 'nock';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AttemptRecord, type Client, createClient } from '../bare';
import { failureOf, timeoutOf, watchUnhandled } from './failures';

let client: Client;
let attempts: AttemptRecord[];
const unhandled = watchUnhandled();

afterAll(() => unhandled.none());
beforeEach(() => {
  client = createClient({ proxy: false });
  attempts = [];
  client.on('attempt', (record) => attempts.push(record));
});
afterEach(() => client.close());

describe('nock', () => {
  afterEach(() => nock.cleanAll());
  afterAll(() => nock.restore());

  it('answers, and its delays are held to the limits', async () => {
    nock('http://api.test').get('/users').reply(200, { ok: true });
    nock('https://api.test').post('/users', { a: 1 }).reply(201);
    nock('http://api.test').get('/slow').delay(3_000).reply(200);
    nock('http://api.test')
      .get('/broken')
      .replyWithError(Object.assign(new Error('boom'), { code: 'EBOOM' }));
    expect((await client.get('http://api.test/users')).data).toEqual({ ok: true });
    expect((await client.post('https://api.test/users', { a: 1 })).status).toBe(201);
    await timeoutOf(() => client.get('http://api.test/slow', { timeout: 200 }), 'total', 200);
    expect((await failureOf(() => client.get('http://api.test/broken'))).error).toMatchObject({ code: 'EBOOM' });
    expect(attempts.map(({ outcome }) => outcome)).toEqual(['success', 'success', 'timeout', 'error']);
    nock.abortPendingRequests();
  });

  it('answers redirects and streams', async () => {
    nock('http://api.test').get('/a').reply(302, undefined, { location: 'http://other.test/b' });
    nock('http://other.test').get('/b').reply(200, 'there');
    expect((await client.get('http://api.test/a')).data).toBe('there');
    nock('http://api.test').get('/stream').reply(200, 'x'.repeat(100_000));
    const { data } = await client.get('http://api.test/stream', { responseType: 'stream' });
    let length = 0;
    for await (const chunk of data) length += chunk.length;
    expect(length).toBe(100_000);
  });
});
