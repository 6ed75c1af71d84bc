/**
 * The agents of a client. Each attempt gets a facade over a shared keep-alive agent, so that its requests are seen while pooling stays
 * whole; the facade also routes each hop through the proxy that axios would choose for it.
 */
import http, { type Agent, type ClientRequest } from 'node:http';
import https from 'node:https';
import { getDefaultAutoSelectFamilyAttemptTimeout as addressTime } from 'node:net';
import type { AxiosRequestConfig } from 'axios';
import type { Attempt } from '../../call';
import { needsNoLookup, watched } from './connection';
import { atProxy, forwarded } from './forward';
import { Hop, isQueued, leaveQueue, type RequestOptions } from './hop';
import { type ProxyServer, proxyFor, proxyKey } from './proxy';
import type { GivenAnswer } from './redirect';
import { HOPS, TunnelAgent } from './tunnel';

type Protocol = 'http:' | 'https:';
/** Node calls it on every request; its types keep it to themselves. */
type WithAddRequest = Agent & { addRequest(req: ClientRequest, options: RequestOptions): void; options?: Record<string, unknown> };

type ProxyOption = AxiosRequestConfig['proxy'];
type FacadeOf = new (attempt: Attempt, proxy: ProxyOption, given: GivenAnswer | undefined) => Agent;

/** Symbols, since an agent has names of its own. */
const ATTEMPT = Symbol('attempt');
const PROXY = Symbol('proxy');
const GIVEN = Symbol('given');

/** An agent that makes connections as Node does: of no other class, with no hook of its own. */
function isNodes(agent: Agent): boolean {
  const { prototype } = (agent.constructor === https.Agent ? https : http).Agent as unknown as { prototype: WithHooks };
  return Object.getPrototypeOf(agent) === prototype && (agent as WithHooks).createConnection === prototype.createConnection;
}

type WithHooks = Agent & { createConnection: unknown };

/** With several addresses for a name, each may take this share of the connect budget: a slow one is reached, dead ones are passed over. */
const ADDRESS_SHARE = 1 / 5;

/** What Node gives an address by itself (Node 26 the latter), in milliseconds; another time is the program's choice. */
const NODES_TIME = [250, 500].find((time) => time === addressTime());

export class Agents {
  readonly #own = new Map<Protocol, Agent>();
  readonly #tunnels = new WeakMap<Agent, Map<string, TunnelAgent>>();
  readonly #made = new Set<Agent>();
  readonly #facades: Record<Protocol, WeakMap<Agent, FacadeOf>> = { 'http:': new WeakMap(), 'https:': new WeakMap() };

  /** An agent for one attempt, over the user's or the client's own. With a given answer, its first request gets that instead of a connection. */
  facade(protocol: Protocol, attempt: Attempt, config: AxiosRequestConfig, answer?: GivenAnswer): Agent {
    const given = protocol === 'https:' ? config.httpsAgent : config.httpAgent;
    const agent = (given === false ? unshared(protocol) : (given ?? this.#ownAgent(protocol))) as WithAddRequest;
    if (typeof agent.addRequest !== 'function') return agent; // Node says what is wrong with it
    let Facade = this.#facades[protocol].get(agent);
    if (!Facade) {
      Facade = facadeOf(agent, (...request) => this.#route(protocol, agent, ...request));
      this.#facades[protocol].set(agent, Facade);
    }
    return new Facade(attempt, config.proxy, answer);
  }

  /** Hands a request to the agent that makes its connection. */
  #route(
    protocol: Protocol,
    agent: WithAddRequest,
    attempt: Attempt,
    option: ProxyOption,
    req: ClientRequest,
    options: RequestOptions,
  ): void {
    if (attempt.aborted) {
      req.destroy();
      return;
    }
    const proxy = options.socketPath ? undefined : proxyFor(protocol, options, option, agent);
    const hop = new Hop(attempt, req, needsNoLookup(proxy ?? options));
    if (options.lookup) options.lookup = watched(options.lookup, () => hop.resolved());
    const { connect } = attempt.limits;
    if (connect && addressTime() === NODES_TIME) options.autoSelectFamilyAttemptTimeout = Math.max(10, Math.round(connect * ADDRESS_SHARE));
    if (!proxy) return give(agent, req, options, hop, attempt);
    if (protocol === 'http:')
      return give(this.#forward(proxy, agent), forwarded(req, options, proxy), { ...options, ...atProxy(proxy) }, hop, attempt);
    HOPS.set(req, hop);
    give(this.#tunnel(proxy, agent), req, options, hop, attempt);
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
      // axios sets a minute on every socket; with another figure here the agent would set its own back each time the socket is free.
      agent = new (secure ? https : http).Agent({
        ...options,
        proxyEnv: undefined,
        keepAlive: true,
        keepAliveMsecs: 60_000,
      } as https.AgentOptions);
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
      tunnel = new TunnelAgent(proxy, false, { ...agent.options, keepAlive: true } as https.AgentOptions);
      tunnels.set(key, tunnel);
      this.#made.add(tunnel);
    }
    return tunnel as unknown as WithAddRequest;
  }
}

/** What Node makes of an agent of `false`: one for a single request, whose connection is shared with none. */
const unshared = (protocol: Protocol): Agent => new (protocol === 'https:' ? https : http).Agent();

/** Looks like the agent, pooling included; only a request is seen before the agent gets it. */
function facadeOf(
  agent: WithAddRequest,
  route: (attempt: Attempt, proxy: ProxyOption, req: ClientRequest, options: RequestOptions) => void,
): FacadeOf {
  class Facade {
    readonly [ATTEMPT]: Attempt;
    readonly [PROXY]: ProxyOption;
    readonly [GIVEN]: GivenAnswer | undefined;
    constructor(attempt: Attempt, proxy: ProxyOption, given: GivenAnswer | undefined) {
      this[ATTEMPT] = attempt;
      this[PROXY] = proxy;
      this[GIVEN] = given;
    }
    addRequest(req: ClientRequest, options: RequestOptions): void {
      if (!this[GIVEN]?.to(req)) route(this[ATTEMPT], this[PROXY], req, options);
    }
  }
  Object.setPrototypeOf(Facade.prototype, agent);
  const { options } = agent;
  // axios refuses to bypass an agent that proxies by itself; hidden, the agent goes on doing so.
  if (options?.proxyEnv) Object.defineProperty(Facade.prototype, 'options', { value: { ...options, proxyEnv: undefined } });
  return Facade as unknown as FacadeOf;
}

function give(agent: WithAddRequest, req: ClientRequest, options: RequestOptions, hop: Hop, attempt: Attempt): void {
  attempt.onAbort(() => leaveQueue(agent, req));
  hop.byNode = isNodes(agent);
  agent.addRequest(req, options);
  // Node's agents queue the request or give it a socket by now, a tunnel tells of itself; others connect by means of their own.
  if (hop.byNode || agent instanceof TunnelAgent) return;
  process.nextTick(() => {
    if (!isQueued(agent, req)) hop.connecting('proxy' in agent ? 'proxy' : 'tcp');
  });
}
