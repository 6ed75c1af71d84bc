// Redirects with a mock in the network's place are followed as axios follows them, and the mock is asked no more often.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import nodeHttp from 'node:http';
import nodeHttps from 'node:https';
import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import nock from 'nock';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { watchUnhandled } from './failures';
import { Site } from './redirect-parity-site';
import { type Request, same } from './redirect-parity-support';

let site: Site;
const unhandled = watchUnhandled();

beforeAll(async () => {
  nock.restore();
  site = await Site.start();
});
afterAll(async () => {
  site.close();
  await unhandled.none();
});

const requests: Record<string, () => ReturnType<Request>> = {
  GET: () => ({ params: { p: 1 }, headers: { Cookie: 'a=b', Authorization: 'Bearer x' } }),
  POST: () => ({ method: 'post', data: { a: 1 } }),
  'a stream': () => ({ method: 'post', data: { a: 1 }, responseType: 'stream' }),
};

describe('a tracer', () => {
  const modules: { request: typeof nodeHttp.request }[] = [nodeHttp, nodeHttps];
  const originals = modules.map((module) => ({ module, request: module.request }));
  afterEach(() => {
    for (const { module, request } of originals) module.request = request;
  });

  it.each(['_storeHeader', 'end', 'onSocket'] as const)('in the place of what a request does (%s) sees each request once', async (name) => {
    const prototype = nodeHttp.ClientRequest.prototype as unknown as Record<string, unknown>;
    const own = Object.getOwnPropertyDescriptor(prototype, name);
    const original = prototype[name] as (...args: unknown[]) => unknown;
    const seen: string[] = [];
    prototype[name] = function (this: nodeHttp.ClientRequest, ...args: unknown[]) {
      seen.push(this.path);
      return Reflect.apply(original, this, args);
    };
    try {
      await same(site, [{ status: 302, to: '/2' }], () => ({ url: `${site.origins.a}/1` }));
    } finally {
      if (own) Object.defineProperty(prototype, name, own);
      else Reflect.deleteProperty(prototype, name);
    }
    expect(seen).toEqual(['/1', '/2', '/1', '/2']);
  });

  it('in the place of http.request sees each request once, and its end', async () => {
    const seen: string[] = [];
    for (const module of modules) {
      const { request } = module;
      module.request = (...args: unknown[]) => {
        const req = Reflect.apply(request, module, args);
        seen.push(`${req.method} ${req.path}`);
        return req.once('close', () => seen.push(`end of ${req.path}`));
      };
    }
    for (const made of Object.values(requests)) {
      await same(
        site,
        [
          { status: 302, to: `${site.origins.s}/2` },
          { status: 307, to: '/3' },
        ],
        () => ({ url: `${site.origins.a}/1`, ...made() }),
      );
      expect(seen).toHaveLength(2 * 3 * 2);
      expect([...seen.splice(6)].sort()).toEqual([...seen.splice(0)].sort());
    }
  });
});

it.each(['created', 'start'])("a tracer on Node's channel http.client.request.%s sees each request once", async (event) => {
  const seen: string[] = [];
  const see = (message: unknown): void => void seen.push((message as { request: { path: string } }).request.path);
  subscribe(`http.client.request.${event}`, see);
  try {
    await same(site, [{ status: 302, to: '/2' }], () => ({ url: `${site.origins.a}/1` }));
  } finally {
    unsubscribe(`http.client.request.${event}`, see);
  }
  // Node 20 tells nobody of a request that is created.
  if (event === 'start' || seen.length) expect(seen).toEqual(['/1', '/2', '/1', '/2']);
});

describe.each(Object.keys(requests))('%s', (name) => {
  const made = requests[name] as () => ReturnType<Request>;

  describe('nock', () => {
    beforeAll(() => nock.activate());
    afterEach(() => nock.cleanAll());
    afterAll(() => nock.restore());

    it.each([301, 302, 303, 307, 308])('%i', async (status) => {
      let asked = 0;
      const method = name === 'GET' ? 'GET' : 'POST';
      const count = (answer: string) => () => {
        asked++;
        return answer;
      };
      nock('http://api.test').intercept('/a', method).query(true).twice().reply(status, count(''), { location: 'https://other.test/b' });
      for (const verb of ['GET', 'POST'])
        nock('https://other.test').intercept('/b', verb).twice().reply(307, count(''), { location: '/c' });
      for (const verb of ['GET', 'POST']) nock('https://other.test').intercept('/c', verb).twice().reply(200, count('there'));
      await same(site, [], (log) => ({ url: 'http://api.test/a', ...made(), beforeRedirect: (...[, ...told]) => log(told) }));
      expect(asked).toBe(2 * 3);
      expect(nock.pendingMocks()).toHaveLength(2);
    });

    it('an answer for which there is no mock, and an error', async () => {
      nock('http://api.test')
        .persist()
        .intercept('/a', name === 'GET' ? 'GET' : 'POST')
        .query(true)
        .reply(307, '', { location: '/none' });
      await same(site, [], () => ({ url: 'http://api.test/a', ...made() }));
      nock('http://api.test')
        .persist()
        .intercept('/none', name === 'GET' ? 'GET' : 'POST')
        .query(true)
        .replyWithError('broken');
      await same(site, [], () => ({ url: 'http://api.test/a', ...made() }));
      nock.disableNetConnect();
      await same(site, [], () => ({ url: `${site.origins.a}/a`, ...made() }));
      nock.enableNetConnect();
    });
  });

  describe('msw', () => {
    const server = setupServer(
      http.all('http://api.test/a', () => new HttpResponse(null, { status: 307, headers: { location: 'https://other.test/b' } })),
      http.all('https://other.test/b', async ({ request }) =>
        HttpResponse.json({ method: request.method, headers: [...request.headers], body: await request.text() }),
      ),
      http.all('http://api.test/out', () => new HttpResponse(null, { status: 302, headers: { location: `${site.origins.a}/real` } })),
    );
    beforeAll(() => server.listen({ onUnhandledRequest: 'bypass' }));
    afterAll(() => server.close());

    it('redirects', async () => {
      const asked: string[] = [];
      server.events.on('request:start', ({ request }) => void asked.push(`${request.method} ${request.url}`));
      const { response } = await same(site, [], () => ({ url: 'http://api.test/a', ...made() }));
      expect(response?.status).toBe(200);
      expect(asked).toHaveLength(2 * 2);
      expect(asked.slice(2)).toEqual(asked.slice(0, 2));
    });

    it('redirects to what is not mocked, and from it', async () => {
      const out = await same(site, [{ status: 302, to: '/on' }], () => ({ url: 'http://api.test/out', ...made() }));
      expect(out.seen).toHaveLength(2);
      const back = await same(site, [{ status: 307, to: 'http://api.test/a' }], () => ({ url: `${site.origins.a}/x`, ...made() }));
      expect(back.seen).toHaveLength(1);
    });
  });
});
