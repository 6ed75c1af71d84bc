/**
 * The agents of a client. Each attempt gets a facade over a shared keep-alive agent, so that its requests are observed while pooling
 * stays intact; the facade also routes each hop through the proxy that axios would choose for it.
 */
import http, { type Agent, type ClientRequest } from 'node:http';
import https from 'node:https';
import { getDefaultAutoSelectFamilyAttemptTimeout as addressTime } from 'node:net';
import type { AxiosRequestConfig } from 'axios';
import type { Attempt } from '../../call/attempt';
import { MAX_DELAY } from '../../clock';
import { needsNoLookup, watched } from './connection';
import { type FacadeOf, facadeOf, isNodes, type WithAddRequest } from './facade';
import { atProxy, forwarded } from './forward';
import { Hop, isQueued, leaveQueue, type RequestOptions } from './hop';
import { type ProxyServer, proxyFor, proxyKey } from './proxy';
import type { GivenAnswer } from './redirect';
import { HOPS, TunnelAgent } from './tunnel';

type Protocol = 'http:' | 'https:';

type Followed = Agent & { options?: unknown; scheduling?: unknown };

/** The share of the connect budget for each of a name's addresses: enough to reach a slow one and still get past dead ones. */
const ADDRESS_SHARE = 1 / 5;

/** Within what Node takes. */
const timeForAddress = (connect: number): number => Math.min(Math.max(10, Math.round(connect * ADDRESS_SHARE)), MAX_DELAY);

/** Node's default time per address in milliseconds (500 from Node 26 on); any other value is the program's choice and is kept. */
const NODES_TIME = [250, 500].find((time) => time === addressTime());

/** By proxy, the last used last. */
type Tunnels = Map<string, TunnelAgent>;

/** How many proxies of an agent are remembered, with their passwords: each request may bring another, as where a session is in its user. */
const MAX_PROXIES = 100;

export class Agents {
  readonly #own = new Map<Protocol, { of: Agent; agent: WithAddRequest }>();
  readonly #tunnels = new WeakMap<Agent, Tunnels>();
  /** All tunnels. Once the agent they were made for is garbage-collected, they are retired, idle connections included. */
  readonly #opened = new Set<Tunnels>();
  readonly #gone = new FinalizationRegistry<Tunnels>((tunnels) => {
    this.#opened.delete(tunnels);
    for (const tunnel of tunnels.values()) retire(tunnel);
  });
  #closed = false;
  readonly #facades: Record<Protocol, WeakMap<Agent, FacadeOf>> = { 'http:': new WeakMap(), 'https:': new WeakMap() };

  /** An agent for one attempt, over the user's or the client's own. Its first request gets `answer`, if given, instead of a connection. */
  facade(protocol: Protocol, attempt: Attempt, config: AxiosRequestConfig, answer?: GivenAnswer): Agent {
    const agent = this.#agent(protocol, config);
    if (typeof agent.addRequest !== 'function') return agent; // not an agent: Node has an error for that
    let Facade = this.#facades[protocol].get(agent);
    if (!Facade) {
      Facade = facadeOf(agent, (...request) => this.#route(protocol, agent, ...request));
      this.#facades[protocol].set(agent, Facade);
    }
    return new Facade(attempt, config, answer);
  }

  #agent(protocol: Protocol, { httpAgent, httpsAgent }: AxiosRequestConfig): WithAddRequest {
    const given = protocol === 'https:' ? httpsAgent : httpAgent;
    return given === false ? unshared(protocol) : (given ?? this.#ownAgent(protocol));
  }

  /** Hands a request to the agent that makes its connection. */
  #route(
    protocol: Protocol,
    agent: WithAddRequest,
    attempt: Attempt,
    config: AxiosRequestConfig,
    req: ClientRequest,
    options: RequestOptions,
  ): void {
    if (attempt.aborted) {
      req.destroy();
      return;
    }
    const proxy = options.socketPath ? undefined : proxyFor(protocol, options, config.proxy, agent);
    const hop = new Hop(attempt, req, needsNoLookup(proxy ?? options));
    if (options.lookup) options.lookup = watched(options.lookup, () => hop.resolved());
    const { connect } = attempt.limits;
    if (connect && addressTime() === NODES_TIME) options.autoSelectFamilyAttemptTimeout = timeForAddress(connect);
    if (!proxy) return give(agent, req, options, hop, attempt);
    if (protocol === 'http:') {
      // The proxy itself is asked for a plain HTTP target, without a tunnel.
      const forwarding = proxy.secure ? this.#agent('https:', config) : agent;
      return give(forwarding, forwarded(req, options, proxy), { ...options, ...atProxy(proxy) }, hop, attempt);
    }
    HOPS.set(req, hop);
    give(this.#tunnel(proxy, agent, agent === config.httpsAgent), req, options, hop, attempt);
  }

  /** Closes the idle connections of the agents made here at once, and those in use once they are free. The user's agents are left alone. */
  close(): void {
    this.#closed = true;
    for (const { agent } of this.#own.values()) retire(agent);
    for (const tunnels of this.#opened) for (const tunnel of tunnels.values()) retire(tunnel);
  }

  /** Set up like Node's global agent, so that what a program sets there (a CA, say) applies here. One of another kind is used as is. */
  #ownAgent(protocol: Protocol): WithAddRequest {
    const secure = protocol === 'https:';
    const of = (secure ? https : http).globalAgent as WithAddRequest;
    if (!isNodes(of)) return of;
    let own = this.#own.get(protocol);
    if (own?.of !== of) {
      if (own) for (const agent of [own.agent, ...(this.#tunnels.get(own.agent)?.values() ?? [])]) retire(agent);
      own = { of, agent: new (secure ? https : http).Agent(this.#options(of)) as WithAddRequest };
      this.#own.set(protocol, own);
    }
    follow(own.agent, of);
    own.agent.keepAlive = !this.#closed && (of.keepAlive || of.options?.keepAlive === undefined); // on unless explicitly turned off
    if (of.options?.proxyEnv) own.agent.options = { ...of.options, proxyEnv: undefined };
    return own.agent;
  }

  #tunnel(proxy: ProxyServer, agent: WithAddRequest, isGiven: boolean): WithAddRequest {
    let tunnels = this.#tunnels.get(agent);
    if (!tunnels) {
      tunnels = new Map();
      this.#tunnels.set(agent, tunnels);
      this.#opened.add(tunnels);
      this.#gone.register(agent, tunnels);
    }
    const key = proxyKey(proxy);
    const tunnel = tunnels.get(key) ?? new TunnelAgent(proxy, isGiven, this.#options(agent));
    tunnels.delete(key);
    tunnels.set(key, tunnel);
    const [eldest] = tunnels;
    if (eldest && tunnels.size > MAX_PROXIES) {
      tunnels.delete(eldest[0]);
      retire(eldest[1]);
    }
    if (agent instanceof http.Agent) follow(tunnel, agent);
    const made = tunnel as unknown as WithAddRequest;
    if (!isGiven) made.keepAlive = !this.#closed && agent.keepAlive !== false;
    return made;
  }

  /**
   * A call may still be in an interceptor when the client is closed; its connection is then not pooled. axios sets a keep-alive delay of a
   * minute on every socket; with any other value here, the agent would reset it each time the socket becomes free.
   */
  #options({ options }: WithAddRequest): https.AgentOptions {
    return { ...options, proxyEnv: undefined, keepAlive: !this.#closed, keepAliveMsecs: 60_000 } as https.AgentOptions;
  }
}

/** Copies what Node reads from an agent at each request and a program may set at any time. Unrolled, since a loop is ten times as slow. */
function follow(agent: Followed, leader: Followed): void {
  agent.options = leader.options;
  agent.maxSockets = leader.maxSockets;
  agent.maxTotalSockets = leader.maxTotalSockets;
  agent.maxFreeSockets = leader.maxFreeSockets;
  agent.scheduling = leader.scheduling;
}

/** Closes idle connections now; those in use close when they become free. */
function retire(agent: Agent): void {
  (agent as { keepAlive?: boolean }).keepAlive = false;
  for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy();
}

/** What Node makes of `agent: false`: an agent for a single request, whose connection is never shared. */
const unshared = (protocol: Protocol): WithAddRequest => new (protocol === 'https:' ? https : http).Agent() as WithAddRequest;

function give(agent: WithAddRequest, req: ClientRequest, options: RequestOptions, hop: Hop, attempt: Attempt): void {
  attempt.onAbort(() => leaveQueue(agent, req));
  hop.byNode = isNodes(agent);
  agent.addRequest(req, options);
  // Node's agents have queued the request or given it a socket by now, and a tunnel marks its own phases; others connect in their own way.
  if (hop.byNode || agent instanceof TunnelAgent) return;
  process.nextTick(() => {
    if (!isQueued(agent, req)) hop.connecting('proxy' in agent ? 'proxy' : 'tcp');
  });
}
