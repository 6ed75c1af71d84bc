/** What stands in for an agent in one attempt: it behaves like the agent, pooling included, but sees each request before the agent does. */
import http, { type Agent, type ClientRequest } from 'node:http';
import https from 'node:https';
import type { AxiosRequestConfig } from 'axios';
import type { Attempt } from '../../call/attempt';
import { define, describe } from '../../util/define';
import type { RequestOptions } from './hop';
import type { GivenAnswer } from './redirect';

/** Node calls `addRequest` for every request, but its types omit it. */
export type WithAddRequest = Agent & {
  addRequest(req: ClientRequest, options: RequestOptions): void;
  options?: Record<string, unknown>;
  keepAlive?: boolean | undefined;
};

export type FacadeOf = new (attempt: Attempt, config: AxiosRequestConfig, given: GivenAnswer | undefined) => Agent;

/** Symbols, so as not to clash with an agent's own properties. */
const ATTEMPT = Symbol('attempt');
const CONFIG = Symbol('config');
const GIVEN = Symbol('given');

/** Whether an agent connects the way Node does: neither a subclass nor with a `createConnection` of its own. */
export function isNodes(agent: Agent): boolean {
  const { prototype } = (agent.constructor === https.Agent ? https : http).Agent as unknown as { prototype: WithHooks };
  return Object.getPrototypeOf(agent) === prototype && (agent as WithHooks).createConnection === prototype.createConnection;
}

type WithHooks = Agent & { createConnection: unknown };

/** The facades of an agent. */
export function facadeOf(
  agent: WithAddRequest,
  route: (attempt: Attempt, config: AxiosRequestConfig, req: ClientRequest, options: RequestOptions) => void,
): FacadeOf {
  class Facade {
    readonly [ATTEMPT]: Attempt;
    readonly [CONFIG]: AxiosRequestConfig;
    readonly [GIVEN]: GivenAnswer | undefined;
    constructor(attempt: Attempt, config: AxiosRequestConfig, given: GivenAnswer | undefined) {
      this[ATTEMPT] = attempt;
      this[CONFIG] = config;
      this[GIVEN] = given;
    }
    addRequest(req: ClientRequest, options: RequestOptions): void {
      if (!this[GIVEN]?.to(req)) route(this[ATTEMPT], this[CONFIG], req, options);
    }
  }
  Object.setPrototypeOf(Facade.prototype, agent);
  if (!isNodes(agent)) forward(Facade.prototype, agent);
  const { options } = agent;
  // With `proxy: false` axios rejects a facade of an agent that proxies by itself; with the option hidden, the agent goes on proxying.
  if (options?.proxyEnv) define(Facade.prototype, 'options', { ...options, proxyEnv: undefined });
  return Facade as unknown as FacadeOf;
}

/** Has the agent's accessors run on the agent itself, since its private fields are on no other object. */
function forward(facade: object, agent: Agent): void {
  for (let level: object = agent; level && level !== Object.prototype; level = Object.getPrototypeOf(level)) {
    for (const [name, { get }] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
      if (!get || Object.hasOwn(facade, name)) continue;
      describe(facade, name, {
        get: () => Reflect.get(agent, name),
        set: (value) => Reflect.set(agent, name, value),
        configurable: true,
      });
    }
  }
}
