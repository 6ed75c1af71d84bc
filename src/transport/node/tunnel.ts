/** HTTPS through a CONNECT proxy, pooled like any agent, with its phases observed: axios' own tunnel has no timeout that could fire. */
import type { ClientRequest } from 'node:http';
import https, { type AgentOptions, type RequestOptions as Https } from 'node:https';
import net, { type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import tls, { type ConnectionOptions } from 'node:tls';
import type { Phase } from '../../words';
import { markConnection, needsNoLookup, watched } from './connection';
import { type Hop, leaveQueue, type RequestOptions } from './hop';
import type { ProxyServer } from './proxy';
import { TunnelRefused } from './refused';

/** The hop that each request belongs to. Kept apart, since Node connects for a queued request with the options of the one before it. */
export const HOPS = new WeakMap<ClientRequest, Hop>();

/** Carries the hop through Node's agent to where the connection is made. */
const HOP = Symbol('breakwater.hop');

const MAX_ANSWER = 64 * 1024;

type Done = (error: Error | null, socket?: Duplex) => void;

type TunnelOptions = Https & Pick<net.TcpNetConnectOpts, 'autoSelectFamilyAttemptTimeout'> & { [HOP]?: Hop | undefined };

/** Members of Node's agents that its types omit. */
interface Internals {
  readonly totalSocketCount: number;
  createSocket(req: ClientRequest, options: RequestOptions, done: Done): void;
  removeSocket(socket: object, options: RequestOptions): void;
}

const { createSocket } = https.Agent.prototype as unknown as Internals;

export class TunnelAgent extends https.Agent {
  readonly #proxy: ProxyServer;
  readonly #isGiven: boolean;

  /** @param isGiven Whether the options are those of a user's agent: as in axios, they then apply to the connection to the proxy, too. */
  constructor(proxy: ProxyServer, isGiven: boolean, options: AgentOptions) {
    super(options);
    this.#proxy = proxy;
    this.#isGiven = isGiven;
  }

  createSocket(req: ClientRequest, options: RequestOptions, done: Done): void {
    createSocket.call(this, req, { ...options, [HOP]: HOPS.get(req) }, (error, socket) => {
      if (!error) return done(null, socket);
      // A queued request may have got another connection, or failed, in the meantime.
      if (!req.socket && !req.closed) done(error);
      leaveQueue(this, req);
      this.#fill(options);
    });
  }

  /** Node connects for the next request in the queue when a connection closes, but not when one cannot be established. */
  #fill(options: RequestOptions): void {
    const { totalSocketCount, removeSocket } = this as unknown as Internals;
    const made = this.sockets[this.getName(options as AgentOptions)]?.length ?? 0;
    if (made < this.maxSockets && totalSocketCount < this.maxTotalSockets) removeSocket.call(this, {}, options);
  }

  override createConnection(options: TunnelOptions, callback?: (error: Error | null, stream: Duplex) => void): undefined {
    const done = callback as Done;
    const hop = options[HOP];
    // The socket retains these options: keep it from retaining the hop, and the agent whose collection retires the tunnels.
    options[HOP] = options.agent = undefined;
    openTunnel(this.#proxy, this.#isGiven ? this.options : {}, options, hop)
      .then((socket) => secured(socket, options as ConnectionOptions))
      .then((secure) => done(null, secure), done);
  }
}

/** `tls.connect` throws on options such as an unreadable certificate. */
function secured(socket: Socket, options: ConnectionOptions): Socket {
  try {
    return tls.connect({ ...options, socket });
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** A connection to the proxy itself. */
function reach(
  proxy: ProxyServer,
  given: ConnectionOptions,
  { autoSelectFamilyAttemptTimeout }: TunnelOptions,
  resolved: () => void,
): Socket {
  const { host, port, secure } = proxy;
  const lookup = given.lookup && watched(given.lookup, resolved);
  const to = { ...given, ...(lookup && { lookup }), autoSelectFamilyAttemptTimeout, host, port };
  return secure ? tls.connect({ ...to, ALPNProtocols: ['http/1.1'], servername: net.isIP(host) ? undefined : host }) : net.connect(to);
}

/** A TCP connection to the target through the proxy. */
async function openTunnel(proxy: ProxyServer, given: ConnectionOptions, options: TunnelOptions, hop?: Hop): Promise<Socket> {
  let resolved = needsNoLookup(proxy);
  const socket = reach(proxy, given, options, () => {
    resolved = true;
  });
  const { host, port } = options;
  const name = `${proxy.host}:${proxy.port}`;
  const target = `${net.isIPv6(String(host)) ? `[${host}]` : host}:${port ?? 443}`;
  const answer = headFrom(socket, name);
  let isOpening = true;
  hop?.whenConnected(() => isOpening && socket.destroy());
  // The TLS handshake with the proxy is part of reaching the proxy, not of the target's `tls`.
  const enter = (phase: Phase): void => hop?.connecting(phase === 'tls' ? 'proxy' : phase);
  markConnection(socket, enter, resolved, () => {
    enter('proxy');
    const auth = proxy.auth ? `Proxy-Authorization: Basic ${Buffer.from(proxy.auth).toString('base64')}\r\n` : '';
    socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${auth}\r\n`);
  });
  try {
    const head = await answer;
    if (!/^HTTP\/1\.\d 2\d\d/.test(head)) throw new TunnelRefused(name, target, head);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    isOpening = false;
  }
}

/** The head of the proxy's answer, without the empty line. What comes after it is left in the socket. */
function headFrom(socket: Socket, proxy: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = Buffer.alloc(0);
    const end = (): void => void socket.off('data', onData).off('error', fail).off('close', onClose);
    const fail = (error: Error): void => {
      end();
      reject(error);
    };
    const onClose = (): void =>
      fail(Object.assign(new Error(`The proxy ${proxy} closed the connection before the tunnel stood`), { code: 'ECONNRESET' }));
    const onData = (chunk: Buffer): void => {
      answer = Buffer.concat([answer, chunk]);
      const length = answer.indexOf('\r\n\r\n');
      if (length < 0) {
        if (answer.length > MAX_ANSWER) fail(new Error(`The proxy ${proxy} answered CONNECT with an endless header`));
        return;
      }
      end();
      socket.pause();
      const rest = answer.subarray(length + 4);
      if (rest.length) socket.unshift(rest);
      resolve(answer.toString('latin1', 0, length));
    };
    socket.on('data', onData).on('error', fail).on('close', onClose);
  });
}
