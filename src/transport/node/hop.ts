/** One HTTP/1.1 exchange of an attempt, observed from the moment an agent gets its request. A redirect makes a second hop. */
import type { Agent, ClientRequest, IncomingMessage } from 'node:http';
import type { LookupFunction, Socket } from 'node:net';
import type { Attempt, Clock } from '../../call/attempt';
import type { Phase } from '../../words';
import { markBody } from './body';
import { closeSoon } from './closing';
import { isUnderWay, markConnection } from './connection';
import { isFollowed, Unredirected } from './redirect';

/** The options of `agent.addRequest` that matter here. */
export interface RequestOptions {
  host?: string | null;
  hostname?: string | null;
  port?: number | string | null;
  socketPath?: string | null;
  lookup?: LookupFunction;
  autoSelectFamilyAttemptTimeout?: number;
  [name: string | symbol]: unknown;
}

export class Hop {
  readonly clock: Clock;
  /** Whether its agent is one of Node's, which assign a socket as soon as they start to connect. */
  byNode = false;
  readonly #attempt: Attempt;
  readonly #req: ClientRequest;
  readonly #number: number;
  #resolved: boolean;
  #written = false;
  #bytesSeen = 0;
  /** Ends the connections being made: Node makes one for the first in the queue whenever another closes. */
  #making: (() => void)[] | undefined;
  #response: IncomingMessage | undefined;

  constructor(attempt: Attempt, req: ClientRequest, resolved: boolean) {
    this.#attempt = attempt;
    this.#req = req;
    this.#resolved = resolved;
    this.clock = attempt.clock;
    this.#number = ++attempt.hops;
    attempt.bodyOpen = false;
    attempt.reusedSocket = undefined;
    attempt.request = req;
    this.clock.enter('queue');
    req.on('socket', (socket) => this.#onSocket(socket));
    req.on('finish', () => this.#onWritten());
    req.on('response', (response) => this.#onResponse(response));
    req.on('information', () => this.#onInterim());
    attempt.onAbort((reason) => this.#abort(reason as Error));
  }

  /** False once a redirect has begun the next hop, or the attempt is aborted. */
  get isCurrent(): boolean {
    return this.#attempt.hops === this.#number && !this.#attempt.aborted;
  }

  /** The resolver answered before the socket could be listened to. */
  resolved(): void {
    this.#resolved = true;
  }

  /** A connection is being made that the request gets only once it is established; another may become free sooner. */
  connecting(phase: Phase): void {
    if (this.isCurrent && !this.#req.socket) this.clock.enter(phase);
  }

  /** Runs when the request gets a connection, or the attempt is aborted: what was being made for it is no longer needed. */
  whenConnected(release: () => void): void {
    if (!this.#making) {
      const making: (() => void)[] = [];
      this.#making = making;
      this.#req.once('socket', () => {
        for (const end of making) end();
      });
    }
    this.#making.push(release);
    this.#attempt.onAbort(release);
  }

  #onSocket(socket: Socket): void {
    setAsAxiosDoes(socket);
    leaveNoTimeoutListener(this.#req, socket);
    if (!this.isCurrent) return;
    const isNew = isUnderWay(socket);
    const isUsed = this.byNode || this.#req.reusedSocket || seen.has(socket);
    this.#attempt.reusedSocket = isUsed && !isNew && !socket.destroyed; // a socket that failed at once was never used
    if (!this.byNode) seen.add(socket);
    this.#bytesSeen = socket.bytesRead;
    this.clock.watcher = this;
    if (!isNew) return this.#onUsable();
    markConnection(
      socket,
      (phase) => this.clock.enter(phase),
      this.#resolved,
      () => this.#onUsable(),
    );
  }

  /** Bytes of a response whose headers are not complete yet. */
  hasUnseenProgress(): boolean {
    const { bytesRead } = this.#req.socket ?? { bytesRead: this.#bytesSeen };
    const more = this.clock.phase === 'response' && bytesRead > this.#bytesSeen;
    this.#bytesSeen = bytesRead;
    return more;
  }

  #onInterim(): void {
    if (!this.isCurrent) return;
    this.#bytesSeen = this.#req.socket?.bytesRead ?? 0; // counted here, and so no longer unseen
    this.clock.progress();
  }

  #onUsable(): void {
    if (!this.isCurrent) return;
    this.clock.enter('send');
    if (this.#written) this.clock.enter('response');
  }

  #onWritten(): void {
    this.#written = true;
    // An early response may have arrived during the upload; then the body is already being read.
    if (this.isCurrent && this.clock.phase === 'send') this.clock.enter('response');
  }

  #onResponse(response: IncomingMessage): void {
    // A destroyed response is a redirect that follow-redirects refused to follow, and that is what the call fails with.
    if (!this.isCurrent || isFollowed(response) || response.destroyed) return;
    this.#response = response;
    this.#attempt.status = response.statusCode;
    this.clock.enter('body');
    markBody(response, this.#attempt, () => this.isCurrent);
    if (this.#written || Number(response.statusCode) < 400) return;
    // Rejected before the upload was complete: nobody reads the rest, and Node would keep the connection until somebody does.
    response.once('end', () => {
      if (!this.#written) this.#req.on('error', ignore).destroy();
    });
  }

  /** Destroys the connection rather than pooling it: on the spot, unless everything is sent and only we would see a response. */
  #abort(reason: Error): void {
    if (this.#written && this.#attempt.clock.phase === 'response' && isPlain(this.#req)) closeSoon(() => this.#destroy(reason));
    else this.#destroy(reason);
  }

  #destroy(reason: Error): void {
    this.#response?.on('error', ignore).destroy(reason);
    this.#req.on('error', ignore).destroy(reason);
  }
}

type Redirectable = ClientRequest & { _redirectable?: unknown };

/** Whether the request is our own exchange rather than one of follow-redirects. */
const isPlain = (req: Redirectable): boolean => req._redirectable instanceof Unredirected;

/** Sockets from agents other than Node's: those may hand over an established connection that is new nonetheless. */
const seen = new WeakSet<Socket>();

const ignore = (): void => {};

/** The keep-alive delay that axios sets on every socket, in milliseconds. */
const KEEP_ALIVE = 60_000;

/** A custom agent may return a stream that is not a socket. An agent's own `timeout` must not limit a request. */
function setAsAxiosDoes(socket: Socket): void {
  socket.setKeepAlive?.(true, KEEP_ALIVE);
  if (socket.timeout) socket.setTimeout(0);
}

/**
 * follow-redirects leaves a 'timeout' -> destroy listener on the pooled socket (follow-redirects#278), which could kill a later request
 * of anyone who shares the agent.
 */
function leaveNoTimeoutListener(req: Redirectable, socket: Socket): void {
  if (!req._redirectable || isPlain(req)) return;
  req.once('close', () => socket.removeListener('timeout', socket.destroy));
}

/** Takes a request out of an agent's queue: Node leaves a destroyed one there until a socket is free. */
export function leaveQueue(agent: Agent, req: ClientRequest): void {
  const { queue, at, name } = placeOf(agent, req) ?? {};
  queue?.splice(at as number, 1);
  if (name !== undefined && !queue?.length) Reflect.deleteProperty(agent.requests, name);
}

export const isQueued = (agent: Agent, req: ClientRequest): boolean => placeOf(agent, req) !== undefined;

/** Where a request waits: in one of Node's queues, each with a name, or in the single one of an agent such as that of `tunnel`. */
function placeOf({ requests }: Agent, req: ClientRequest): { queue: unknown[]; at: number; name?: string | undefined } | undefined {
  const queues: [name: string | undefined, queue: unknown][] = Array.isArray(requests)
    ? [[undefined, requests]]
    : Object.entries(requests ?? {});
  for (const [name, queue] of queues) {
    if (!Array.isArray(queue)) continue;
    let at = queue.indexOf(req); // a 20th of what `findIndex` takes: each aborted request is looked for among all that wait
    if (at < 0 && name === undefined) at = queue.findIndex((waiting) => waiting?.request === req);
    if (at >= 0) return { queue, at, name };
  }
  return undefined;
}
