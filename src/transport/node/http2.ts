/** HTTP/2 attempts. axios' own sessions expose no phases and cannot be closed, so the client keeps its own instead. */
import http2, { type ClientHttp2Stream, type SecureClientSessionOptions } from 'node:http2';
import { isDeepStrictEqual } from 'node:util';
import type { Attempt } from '../../call/attempt';
import { isTimeout } from '../../errors';
import { own } from '../../util/own';
import { markBody } from './body';
import { markConnection } from './connection';
import { authorityOf, type Connected, connect, type Options, type SessionOptions } from './http2-connect';
import { failWhereCutShort } from './http2-failures';

/** axios' default for how long an idle session is kept, in milliseconds. */
const SESSION_IDLE = 1_000;

/** How many streams a peer is taken to allow until its settings arrive: what Node assumes, and the least that RFC 9113 recommends. */
const STREAMS = 100;

type Answered = ClientHttp2Stream & { headers: Record<string, unknown>; statusCode: number };

/** A session and what is needed to share it. */
interface Shared extends Connected {
  readonly authority: string;
  readonly options: SessionOptions;
  streams: number;
  /** How many streams the peer allows at once: one more would wait in Node, unseen, as if the peer did not answer it. */
  maxStreams: number;
  idle: NodeJS.Timeout | undefined;
}

/** A secure context hides its certificate: any two look equal. */
const areSame = (one: SecureClientSessionOptions, other: SecureClientSessionOptions): boolean =>
  one.secureContext === other.secureContext && isDeepStrictEqual(one, other);

export class Http2 {
  readonly #sessions = new Map<string, Shared[]>();
  #closed = false;

  /** A `transport` for axios' http adapter that opens one stream and marks its phases. */
  transport(attempt: Attempt): { request(options: Options, onResponse: (response: Answered) => void): ClientHttp2Stream } {
    return { request: (options, onResponse) => this.#request(attempt, options, onResponse) };
  }

  close(): void {
    this.#closed = true;
    for (const shared of [...this.#sessions.values()].flat()) this.#retire(shared, shared.streams);
  }

  #request(attempt: Attempt, options: Options, onResponse: (response: Answered) => void): ClientHttp2Stream {
    const { clock } = attempt;
    attempt.hops++;
    clock.enter('queue');
    const shared = this.#sessionFor(options);
    attempt.reusedSocket = !shared.session.connecting;
    attempt.handedOver = false;
    const stream = this.#open(shared, options);
    attempt.handedOver = true;
    attempt.request = stream;
    let written = false;

    const usable = (): void => {
      clock.enter('send');
      if (written) clock.enter('response');
    };
    const unmark = markConnection(shared.socket, (phase) => clock.enter(phase), shared.isResolved(), usable);
    stream.once('finish', () => {
      written = true;
      if (clock.phase === 'send') clock.enter('response');
    });
    stream.once('response', (headers) => {
      clock.enter('body');
      attempt.status = Number(headers[':status']);
      // A stream that nobody reads yet has a window of its own, which from Node 22 on is smaller than what it may buffer.
      markBody(
        stream,
        attempt,
        () => !attempt.aborted,
        () => stream.state.localWindowSize === 0,
      );
      const { ':status': status, ...rest } = headers;
      onResponse(Object.assign(stream, { headers: rest, statusCode: Number(status) }));
    });
    stream.on('headers', () => clock.progress());
    attempt.onAbort((reason) => {
      unmark();
      stream.on('error', () => {}).close(http2.constants.NGHTTP2_CANCEL);
      stream.destroy(reason as Error);
      // A connection that timed out is not reused; a user's abort says nothing about the connection.
      if (isTimeout(reason)) this.#retire(shared, shared.streams - 1);
    });
    return stream;
  }

  #open(shared: Shared, { protocol, method, path, headers }: Options): ClientHttp2Stream {
    clearTimeout(shared.idle);
    shared.session.ref();
    shared.streams++;
    const plain = Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(':')));
    try {
      const stream = shared.session.request({ ':scheme': protocol.replace(':', ''), ':method': method, ':path': path, ...plain });
      failWhereCutShort(stream);
      return stream.once('close', () => this.#left(shared));
    } catch (error) {
      this.#left(shared); // Node rejected the request
      throw error;
    }
  }

  /** A stream is over; a session without streams is kept idle for a while. */
  #left(shared: Shared): void {
    if (--shared.streams > 0) return;
    const isKept = this.#sessions.get(shared.authority)?.includes(shared);
    if (this.#closed || !isKept) return this.#retire(shared, 0);
    shared.session.unref();
    const { sessionTimeout } = shared.options;
    if (sessionTimeout === undefined || sessionTimeout === null) return; // axios never closes it then
    shared.idle = setTimeout(() => this.#retire(shared, 0), sessionTimeout).unref();
  }

  /** A session to the same place with the same options and room for a stream, or a new one. */
  #sessionFor(asked: Options): Shared {
    const { lookup, socketPath, http2Options } = asked;
    const authority = authorityOf(asked);
    const options: SessionOptions = own({
      sessionTimeout: SESSION_IDLE,
      ...http2Options,
      ...(lookup && { lookup }),
      ...(socketPath && { path: socketPath }),
    });
    const sessions = this.#sessions.get(authority) ?? [];
    this.#sessions.set(authority, sessions);
    const open = sessions.find(
      ({ session, streams, maxStreams, options: other }) =>
        streams < maxStreams && !session.closed && !session.destroyed && areSame(options, other),
    );
    if (open) return open;

    const shared: Shared = {
      ...connect(authority, asked, options),
      authority,
      options,
      streams: 0,
      // A peer may refuse what exceeds a limit that it had no time to tell; it has told it on its other sessions.
      maxStreams: options.peerMaxConcurrentStreams ?? Math.min(STREAMS, ...sessions.map(({ maxStreams }) => maxStreams)),
      idle: undefined,
    };
    const { session } = shared;
    session.on('remoteSettings', ({ maxConcurrentStreams = Infinity }) => {
      shared.maxStreams = maxConcurrentStreams;
    });
    const forget = (): void => this.#forget(shared);
    // The streams report the error; without a listener here it would also crash the process.
    session.on('error', forget).once('goaway', forget).once('close', forget);
    // Nobody asked for what a peer pushes, and an error of it that nobody listens for would crash the process.
    session.on('stream', (pushed) => pushed.on('error', () => {}).close(http2.constants.NGHTTP2_CANCEL));
    sessions.push(shared);
    return shared;
  }

  #forget(shared: Shared): void {
    const rest = (this.#sessions.get(shared.authority) ?? []).filter((other) => other !== shared);
    if (rest.length) this.#sessions.set(shared.authority, rest);
    else this.#sessions.delete(shared.authority);
  }

  /** Accepts no new streams, and closes with the last of the other ones. */
  #retire(shared: Shared, others: number): void {
    clearTimeout(shared.idle);
    this.#forget(shared);
    if (others > 0) {
      if (!shared.session.connecting) shared.session.close();
      return;
    }
    // A connecting socket outlives its session; so does one whose peer sent GOAWAY, until the peer closes it.
    if (shared.socket.connecting) shared.socket.destroy();
    shared.session.destroy();
    if (shared.socket.destroySoon) shared.socket.destroySoon();
    else shared.socket.destroy();
  }
}
