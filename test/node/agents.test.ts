// The user's own agents: their options, their pools and their ways of connecting go on working, and every limit holds on them.
import http, { type ClientRequest } from 'node:http';
import https from 'node:https';
import net, { type NetConnectOpts, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createClient } from '../bare';
import { startLab } from '../lab/index.mjs';
import type { Lab } from '../lab/types.mjs';
import { through, withEnvironment } from './proxy-support';
import { runScript } from './script';
import { attemptsOf, clients, rejection, timesOut, trusting, until } from './support';

let lab: Lab;
const agents: { destroy(): void }[] = [];
const { client, close } = clients();
const NAMES = ['healthy', 'tls-healthy', 'stall', 'body-stall', 'tls-silence', 'proxy-healthy', 'proxy-silence'];

beforeAll(async () => {
  lab = await startLab({ only: [...NAMES, 'black-hole'] });
});
beforeEach(() => {
  for (const name of NAMES) lab.upstream(name).reset();
});
afterEach(async () => {
  for (const agent of agents.splice(0)) agent.destroy();
  await close();
});
afterAll(() => lab.close());

/** Destroyed when the test is over. */
function own<A extends { destroy(): void }>(agent: A): A {
  agents.push(agent);
  return agent;
}

const STALLED = { limit: 'read', ms: 200, phase: 'response', kind: 'read' } as const;

it('no agent, which Node takes false for, is held to every limit, and its connections end with the attempt', async () => {
  const api = client({ httpAgent: false, httpsAgent: false });
  await timesOut(() => api.get(lab.url('stall'), { timeout: { read: 200 } }), STALLED);
  await lab.upstream('stall').closed();
  const connecting = { limit: 'connect', ms: 250, phase: 'tcp', kind: 'connect' } as const;
  await timesOut(() => api.get(lab.url('black-hole'), { timeout: { connect: 250 } }), connecting);
  await timesOut(() => api.get(lab.url('tls-silence'), { timeout: { connect: 250 } }), { ...connecting, phase: 'tls' });
  await lab.upstream('tls-silence').closed();
});

it("Node's own agents stay as they were, also where they take their proxy from the environment", async () => {
  // As later releases of Node have it.
  const script = `
    Object.defineProperty(process, 'allowedNodeEnvironmentFlags', { value: new Set(['--use-env-proxy']) });
    const { globalAgent } = require('node:http');
    globalAgent.options.proxyEnv = {};
    const { destroy } = globalAgent;
    const api = createClient();
    console.log((await api.get(url)).status, globalAgent.destroy === destroy);`;
  expect(await runScript(script, lab.url('healthy'))).toMatchObject({ stdout: '200 true\n', code: 0 });
});

describe('the options of an agent', () => {
  it('keepAlive: false gives each call a connection of its own, closed after it', async () => {
    const upstream = lab.upstream('healthy');
    const api = client({ httpAgent: own(new http.Agent({ keepAlive: false })) });
    const records = attemptsOf(api);
    await api.get(upstream.url);
    await api.get(upstream.url);
    await upstream.closed(2);
    expect(records.map(({ reusedSocket }) => reusedSocket)).toEqual([false, false]);
  });

  it('timeout, which is for idle sockets, neither ends an answer that takes longer nor replaces our limits', async () => {
    const api = client({ httpAgent: own(new http.Agent({ keepAlive: true, timeout: 150 })) });
    expect((await api.get(lab.url('healthy', '/delay/500'))).status).toBe(200);
    await timesOut(() => api.get(lab.url('stall'), { timeout: { read: 200 } }), STALLED);
    await timesOut(() => api.get(lab.url('black-hole'), { timeout: { connect: 250 } }), {
      limit: 'connect',
      ms: 250,
      phase: 'tcp',
      kind: 'connect',
    });
  });

  it('ca and rejectUnauthorized decide whom to trust, at the agent and in a tunnel', async () => {
    const strict = own(new https.Agent());
    const lax = own(new https.Agent({ rejectUnauthorized: false }));
    const knowing = own(trusting(lab));
    for (const proxy of [false, through(lab.upstream('proxy-healthy'))] as const) {
      const api = client({ proxy });
      const call = (httpsAgent: https.Agent): Promise<{ status: number }> => api.get(lab.url('tls-healthy'), { httpsAgent });
      expect(await rejection(call(strict))).toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT', isAxiosError: true });
      expect((await call(lax)).status).toBe(200);
      expect((await call(knowing)).status).toBe(200);
    }
  });

  it('set for all of Node’s requests hold for the client’s own agents', async () => {
    const { options } = https.globalAgent;
    options.ca = lab.ca;
    try {
      expect((await client().get(lab.url('tls-healthy'))).status).toBe(200);
    } finally {
      delete options.ca;
    }
    expect(await rejection(client().get(lab.url('tls-healthy')))).toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  });
});

describe('the pool of an agent', () => {
  it('is shared by clients and by others, and outlives a closed client', async () => {
    const upstream = lab.upstream('healthy');
    const httpAgent = own(new http.Agent({ keepAlive: true }));
    const [one, other] = [client({ httpAgent }), client({ httpAgent })];
    await one.get(upstream.url);
    await one.close();
    await other.get(upstream.url);
    await new Promise<void>((resolve, reject) => {
      http.get(upstream.url, { agent: httpAgent }, (res) => res.resume().once('end', resolve)).once('error', reject);
    });
    expect(upstream).toMatchObject({ connections: 1, requests: 3, open: 1 });
  });

  it('gets nothing hung on it and loses what timed out', async () => {
    const httpAgent = own(new http.Agent({ keepAlive: true }));
    const before = { keys: Reflect.ownKeys(httpAgent), events: httpAgent.eventNames(), addRequest: Reflect.get(httpAgent, 'addRequest') };
    const api = client({ httpAgent });
    await api.get(lab.url('healthy'));
    await timesOut(() => api.get(lab.url('stall'), { timeout: { read: 200 } }), STALLED);
    await lab.upstream('stall').closed();
    await until(() => Object.keys(httpAgent.sockets).length === 0, 'the agent has let go of the socket');
    expect(Object.values(httpAgent.freeSockets).flat()).toHaveLength(1); // the healthy one's
    expect({
      keys: Reflect.ownKeys(httpAgent),
      events: httpAgent.eventNames(),
      addRequest: Reflect.get(httpAgent, 'addRequest'),
    }).toEqual(before);
  });
});

/** Makes its connections itself, by return value or by callback after a while, and counts them. */
class Connecting extends http.Agent {
  made = 0;
  readonly #after: number | undefined;

  constructor(after?: number) {
    super({ keepAlive: true });
    this.#after = after;
  }

  override createConnection(options: http.ClientRequestArgs, callback?: (error: Error | null, stream: Duplex) => void): Socket | undefined {
    this.made += 1;
    if (this.#after === undefined) return net.connect(options as NetConnectOpts);
    setTimeout(() => {
      const socket = net.connect(options as NetConnectOpts, () => callback?.(null, socket));
    }, this.#after);
    return undefined;
  }
}

describe('an agent of one’s own class', () => {
  it.each([undefined, 50])('that makes its connections itself (after %s ms) is used, pooled and held to time', async (after) => {
    const httpAgent = own(new Connecting(after));
    const api = client({ httpAgent, timeout: { read: 200 } });
    expect((await api.get(lab.url('healthy'))).status).toBe(200);
    expect((await api.get(lab.url('healthy'))).status).toBe(200);
    expect(httpAgent.made).toBe(1);
    await timesOut(() => api.get(lab.url('stall')), STALLED);
    await lab.upstream('stall').closed();
    await timesOut(() => api.get(lab.url('body-stall')), { ...STALLED, phase: 'body' });
    await lab.upstream('body-stall').closed();
  });

  it('whose connection never comes runs into connect, not into the queue', async () => {
    class Hanging extends http.Agent {
      override createConnection(): undefined {}
    }
    const api = client({ httpAgent: own(new Hanging()), timeout: { connect: 200, queue: 100 } });
    const error = await timesOut(() => api.get(lab.url('healthy')), { limit: 'connect', ms: 200, phase: 'tcp', kind: 'connect' });
    expect(error.safeToRetry).toBe(true);
  });

  it('may keep in private fields what Node reads from it', async () => {
    class Private extends http.Agent {
      #protocol = 'http:';
      #port = Number(new URL(lab.url('healthy')).port);
      #keepAlive = true;
      get protocol(): string {
        return this.#protocol;
      }
      set protocol(protocol) {
        if (#protocol in this) this.#protocol = protocol; // Node's constructor sets it
      }
      get defaultPort(): number {
        return this.#port;
      }
      set defaultPort(_) {}
      get keepAlive(): boolean {
        return #keepAlive in this && this.#keepAlive;
      }
      set keepAlive(_) {}
    }
    const upstream = lab.upstream('healthy');
    const api = client({ httpAgent: own(new Private()) });
    expect((await api.get(upstream.url)).status).toBe(200);
    expect((await api.get(upstream.url, { maxRedirects: 0 })).status).toBe(200);
    expect(upstream.connections).toBe(1);
  });

  it('may see and change each request', async () => {
    class Signing extends http.Agent {
      addRequest(req: ClientRequest, options: object): void {
        req.setHeader('X-Signed', 'yes');
        (http.Agent.prototype as unknown as Signing).addRequest.call(this, req, options);
      }
    }
    const api = client({ httpAgent: own(new Signing({ keepAlive: true })) });
    expect((await api.get(lab.url('healthy'))).data.headers).toMatchObject({ 'x-signed': 'yes' });
  });
});

/** As agent-base does it: no pool and no queue, a socket for each request when there is one. */
class Elsewhere {
  readonly #connect: () => Promise<Socket>;

  constructor(connect: () => Promise<Socket>) {
    this.#connect = connect;
  }

  addRequest(req: ClientRequest): void {
    req.shouldKeepAlive = false;
    this.#connect().then(
      (socket) => req.onSocket(socket),
      (error) => req.emit('error', error),
    );
  }
  destroy(): void {}
}

describe('an agent that is none of Node’s', () => {
  const connectTo = (name: string) => async (): Promise<Socket> => {
    await sleep(50);
    const { host, port } = lab.upstream(name);
    return net.connect({ host, port });
  };

  it('is used as it is, and held to read, response and total', async () => {
    const api = client({ httpAgent: new Elsewhere(connectTo('healthy')) });
    const records = attemptsOf(api);
    expect((await api.get('http://anywhere.lab.invalid/path')).data.path).toBe('/path');
    expect(records).toMatchObject([{ outcome: 'success', reusedSocket: false }]);
    const stalled = client({ httpAgent: new Elsewhere(connectTo('stall')), timeout: { read: 200 } });
    await timesOut(() => stalled.get('http://anywhere.lab.invalid/'), STALLED);
    await lab.upstream('stall').closed();
  });

  it('whose connecting hangs runs into connect, not into the queue', async () => {
    const api = client({ httpAgent: new Elsewhere(() => new Promise(() => {})), timeout: { connect: 200, queue: 100 } });
    const error = await timesOut(() => api.get(lab.url('healthy')), { limit: 'connect', ms: 200, phase: 'tcp', kind: 'connect' });
    expect(error.safeToRetry).toBe(true);
  });

  it('may keep all that wait in one list, as that of `tunnel` does, and is left by who gives up', async () => {
    const requests: { request: ClientRequest }[] = [];
    class Single extends Elsewhere {
      readonly requests = requests;
      #isBusy = false;
      override addRequest(request: ClientRequest): void {
        if (this.#isBusy) return void requests.push({ request });
        this.#isBusy = true;
        request.once('close', () => {
          this.#isBusy = false;
          const next = requests.shift();
          if (next) this.addRequest(next.request);
        });
        super.addRequest(request);
      }
    }
    const api = client({ httpAgent: new Single(connectTo('healthy')) });
    const get = (config = {}): Promise<unknown> => api.get('http://anywhere.lab.invalid/delay/300', { ...config, retry: false });
    const others = [get()];
    const impatient = (): Promise<unknown> => {
      const call = get({ timeout: { queue: 100 } });
      others.push(get());
      return call;
    };
    await timesOut(impatient, { limit: 'queue', ms: 100, phase: 'queue', kind: 'queue' });
    expect(requests).toHaveLength(1);
    expect(await Promise.all(others)).toMatchObject([{ status: 200 }, { status: 200 }]);
  });

  it('whose connecting fails has its own error', async () => {
    const refused = (): Promise<Socket> => Promise.reject(Object.assign(new Error('no way'), { code: 'EOWN' }));
    const error = await rejection(client({ httpAgent: new Elsewhere(refused) }).get(lab.url('healthy')));
    expect(error).toMatchObject({ isAxiosError: true, code: 'EOWN' });
  });
});

describe('https-proxy-agent', async () => {
  // axios brings it along, and many hand it over as their `httpsAgent`.
  const { default: HttpsProxyAgent } = await import('https-proxy-agent');
  const agentFor = (name: string): https.Agent => {
    const { host, port } = lab.upstream(name);
    return HttpsProxyAgent({ host, port }) as unknown as https.Agent;
  };

  it('goes through its own proxy, and not through that of the environment as well', async () => {
    const api = createClient({ httpsAgent: agentFor('proxy-healthy'), httpAgent: agentFor('proxy-healthy') });
    const silent = lab.upstream('proxy-silence').url;
    await withEnvironment({ HTTP_PROXY: silent, HTTPS_PROXY: silent }, async () => {
      expect((await api.get(lab.url('healthy', '/path'))).data.path).toBe('/path');
      // It hands the target no CA: that the certificate was seen is the proof that the target was reached. By name, as it fails for addresses
      // from Node 26 on, which refuses to name one in TLS.
      const named = lab.url('tls-healthy').replace('127.0.0.1', 'localhost');
      expect(await rejection(api.get(named))).toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    });
    expect(lab.upstream('proxy-healthy').requests).toBe(2);
    expect(lab.upstream('proxy-silence').requests).toBe(0);
    await api.close();
  });

  it('whose proxy stays silent runs into connect, in phase proxy', async () => {
    const api = client({ httpsAgent: agentFor('proxy-silence'), timeout: { connect: 250 } });
    await timesOut(() => api.get(lab.url('tls-healthy')), { limit: 'connect', ms: 250, phase: 'proxy', kind: 'connect' });
  });
});
