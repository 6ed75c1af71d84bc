/** HTTPS through a CONNECT proxy, pooled like any agent, its phases seen: axios' own tunnel has no timeout that could fire. */
import https, { type AgentOptions } from 'node:https';
import net, { type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import type { Phase } from '../../words';
import { markConnection, needsNoLookup } from './connection';
import type { Hop, RequestOptions } from './hop';
import type { ProxyServer } from './proxy';

/** Carries the hop through Node's agent to the place where the connection is made. */
export const HOP = Symbol('breakwater.hop');

const MAX_ANSWER = 64 * 1024;

export class TunnelAgent extends https.Agent {
  readonly #proxy: ProxyServer;

  constructor(proxy: ProxyServer, options: AgentOptions) {
    super({ ...options, keepAlive: true });
    this.#proxy = proxy;
  }

  // biome-ignore lint/suspicious/noExplicitAny: Node's own signature.
  override createConnection(options: any, callback?: (error: Error | null, stream: Duplex) => void): undefined {
    const done = callback as (error: Error | null, stream?: Duplex) => void;
    const hop = (options as RequestOptions)[HOP] as Hop | undefined;
    openTunnel(this.#proxy, options, hop).then(
      (socket) => {
        const secure = tls.connect({ ...options, socket });
        if (hop) hop.madeConnection = true;
        done(null, secure);
      },
      (error) => done(error),
    );
  }
}

/** A TCP connection to the target, by way of the proxy. */
function openTunnel(proxy: ProxyServer, { host, port }: RequestOptions, hop: Hop | undefined): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const to = { host: proxy.host, port: proxy.port };
    const socket = proxy.secure
      ? tls.connect({ ...to, ALPNProtocols: ['http/1.1'], ...(net.isIP(proxy.host) ? {} : { servername: proxy.host }) })
      : net.connect(to);
    const target = `${net.isIPv6(String(host)) ? `[${host}]` : host}:${port ?? 443}`;
    let answer = Buffer.alloc(0);

    const fail = (error: Error): void => {
      settle();
      socket.destroy();
      reject(error);
    };
    const onClose = (): void =>
      fail(
        Object.assign(new Error(`The proxy ${proxy.host}:${proxy.port} closed the connection before the tunnel stood`), {
          code: 'ECONNRESET',
        }),
      );
    const onReadable = (chunk: Buffer): void => {
      answer = Buffer.concat([answer, chunk]);
      const end = answer.indexOf('\r\n\r\n');
      if (end < 0) {
        if (answer.length > MAX_ANSWER) fail(new Error(`The proxy ${proxy.host}:${proxy.port} answered CONNECT with an endless header`));
        return;
      }
      const [, status = '', text = ''] = /^HTTP\/1\.\d (\d{3}) ?([^\r]*)/.exec(answer.toString('latin1')) ?? [];
      if (!status.startsWith('2')) {
        const message = `The proxy ${proxy.host}:${proxy.port} refused the tunnel to ${target}: ${status} ${text}`.trimEnd();
        return fail(Object.assign(new Error(message), { code: 'ERR_BAD_RESPONSE', status: Number(status) || undefined }));
      }
      settle();
      socket.pause();
      const rest = answer.subarray(end + 4);
      if (rest.length) socket.unshift(rest);
      resolve(socket);
    };
    const settle = (): void => {
      socket.off('data', onReadable).off('error', fail).off('close', onClose);
    };
    const connect = (): void => {
      hop?.clock.enter('proxy');
      const auth = proxy.auth ? `Proxy-Authorization: Basic ${Buffer.from(proxy.auth).toString('base64')}\r\n` : '';
      socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${auth}\r\n`);
    };

    socket.on('data', onReadable).on('error', fail).on('close', onClose);
    hop?.onAbort(() => socket.destroy());
    // The TLS handshake with the proxy is part of reaching the proxy, not of the target's `tls`.
    const enter = (phase: Phase): void => hop?.clock.enter(phase === 'tls' ? 'proxy' : phase);
    markConnection(socket, enter, needsNoLookup({ host: proxy.host }), connect);
  });
}
