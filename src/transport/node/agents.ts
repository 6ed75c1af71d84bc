/**
 * The agents of a client. Each attempt gets a facade over a shared keep-alive agent, so that its requests are seen while pooling stays
 * whole; the facade also routes each hop through the proxy that axios would choose for it.
 */
import http, { type Agent, type ClientRequest } from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import type { AxiosRequestConfig } from 'axios';
import type { Attempt } from '../../call';
import { needsNoLookup } from './connection';
import { Hop, isQueued, leaveQueue, type RequestOptions } from './hop';
import { type ProxyServer, proxyFor, proxyKey } from './proxy';
import { HOP, TunnelAgent } from './tunnel';

type Protocol = 'http:' | 'https:';
/** Node calls it on every request; its types keep it to themselves. */
type WithAddRequest = Agent & { addRequest(req: ClientRequest, options: RequestOptions): void; options?: Record<string, unknown> };

/** With several addresses for a name, each may take this share of the connect budget: a slow one is reached, a dead one is passed over. */
const ADDRESS_SHARE = 1 / 3;

export class Agents {
  readonly #own = new Map<Protocol, Agent>();
  readonly #tunnels = new WeakMap<Agent, Map<string, TunnelAgent>>();
  readonly #made = new Set<Agent>();

  /** An agent for one attempt, over the user's or the client's own. */
  facade(protocol: Protocol, attempt: Attempt, config: AxiosRequestConfig): Agent {
    const agent = ((protocol === 'https:' ? config.httpsAgent : config.httpAgent) ?? this.#ownAgent(protocol)) as WithAddRequest;
    const addRequest = (req: ClientRequest, options: RequestOptions): void => {
      const direct = { ...options };
      const proxy = options.socketPath ? undefined : proxyFor(protocol, options, config.proxy, agent);
      const hop = new Hop(
        attempt,
        req,
        needsNoLookup(proxy ? { host: proxy.host } : { host: options.host, socketPath: options.socketPath }),
      );
      if (options.lookup) direct.lookup = watched(options.lookup, hop);
      if (attempt.limits.connect) direct.autoSelectFamilyAttemptTimeout = Math.max(10, Math.round(attempt.limits.connect * ADDRESS_SHARE));
      if (!proxy) return give(agent, req, direct, hop, attempt);
      if (protocol === 'http:')
        return give(this.#forward(proxy, agent), forwarded(req, options, proxy), { ...direct, ...atProxy(proxy) }, hop, attempt);
      give(this.#tunnel(proxy, agent), req, { ...direct, [HOP]: hop }, hop, attempt);
    };
    const environmentProxy = agent.options?.proxyEnv;
    return Object.create(agent, {
      addRequest: { value: addRequest },
      // axios refuses to bypass an agent that proxies by itself; hidden, the agent goes on doing so.
      ...(environmentProxy ? { options: { value: { ...agent.options, proxyEnv: undefined } } } : {}),
    });
  }

  /** Closes the idle connections of the agents made here, and those in use when they are done; the user's agents are the user's. */
  close(): void {
    for (const agent of this.#made) {
      // Connections in use are closed when they become free.
      (agent as { keepAlive?: boolean }).keepAlive = false;
      for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy();
    }
  }

  #ownAgent(protocol: Protocol): Agent {
    let agent = this.#own.get(protocol);
    if (!agent) {
      const secure = protocol === 'https:';
      // What the program set for all of Node's requests (a CA, say) holds for ours.
      const { options } = (secure ? https : http).globalAgent as WithAddRequest;
      agent = new (secure ? https : http).Agent({ ...options, proxyEnv: undefined, keepAlive: true } as https.AgentOptions);
      this.#own.set(protocol, agent);
      this.#made.add(agent);
    }
    return agent;
  }

  /** An http target is asked of the proxy itself. */
  #forward(proxy: ProxyServer, agent: WithAddRequest): WithAddRequest {
    return proxy.secure ? (this.#ownAgent('https:') as WithAddRequest) : agent;
  }

  #tunnel(proxy: ProxyServer, agent: WithAddRequest): WithAddRequest {
    const tunnels = this.#tunnels.get(agent) ?? new Map<string, TunnelAgent>();
    this.#tunnels.set(agent, tunnels);
    const key = proxyKey(proxy);
    let tunnel = tunnels.get(key);
    if (!tunnel || !this.#made.has(tunnel)) {
      tunnel = new TunnelAgent(proxy, (agent.options ?? {}) as https.AgentOptions);
      tunnels.set(key, tunnel);
      this.#made.add(tunnel);
    }
    return tunnel as unknown as WithAddRequest;
  }
}

function give(agent: WithAddRequest, req: ClientRequest, options: RequestOptions, hop: Hop, attempt: Attempt): void {
  attempt.onAbort(() => leaveQueue(agent, req));
  agent.addRequest(req, options);
  // Node's agents queue the request or give it a socket by now; others connect by means of their own.
  process.nextTick(() => {
    if (!req.socket && !isQueued(agent, req) && !(HOP in options)) hop.connectingElsewhere('proxy' in agent);
  });
}

/** Tells the hop of an answer that comes before the socket can be listened to. */
const watched =
  (lookup: LookupFunction, hop: Hop): LookupFunction =>
  (hostname, options, callback) =>
    lookup(hostname, options, (...answer) => {
      if (!answer[0]) hop.resolved();
      callback(...answer);
    });

const atProxy = ({ host, port }: ProxyServer): RequestOptions => ({ host, hostname: host, port });

/** The request as a forward proxy takes it: the whole URL in its first line. Nothing of it is written yet. */
function forwarded(req: ClientRequest, { host, port }: RequestOptions, proxy: ProxyServer): ClientRequest {
  const authority = `${String(host).includes(':') ? `[${host}]` : host}${!port || Number(port) === 80 ? '' : `:${port}`}`;
  req.path = `http://${authority}${req.path}`;
  if (proxy.auth) req.setHeader('Proxy-Authorization', `Basic ${Buffer.from(proxy.auth).toString('base64')}`);
  return req;
}
