/** One attempt over HTTP: a plain request by our own exchange, any other through axios' http adapter. */
import { Readable } from 'node:stream';
import axios, { type AxiosAdapter, type AxiosRequestHeaders, type AxiosResponse } from 'axios';
import type { CallUnderWay } from '../../call';
import type { Attempt } from '../../call/attempt';
import { addedHeaders } from '../added-headers';
import { type Changes, runAdapter, type Transport } from '../run-adapter';
import type { Agents } from './agents';
import { exchange } from './exchange';
import type { Http2 } from './http2';
import { markRefused, tellReason } from './http2-failures';
import { leaveRoom } from './listeners';
import { plainOf, serializingOnce } from './plain';
import { GivenAnswer } from './redirect';
import { tellRefusal } from './refused';

export const httpHandler = (agents: Agents, http2: Http2): Transport => {
  const http = axios.getAdapter('http');
  return (call) => {
    const { attempt } = call;
    return run(http, call, agents, http2).then(
      (response) => {
        endWith(attempt, response.data);
        return response;
      },
      (error) => {
        tellReuse(attempt, error);
        tellReason(error);
        markRefused(attempt, error);
        tellRefusal(error);
        endWith(attempt, (error as { response?: { data?: unknown } }).response?.data);
        throw error;
      },
    );
  };
};

function run(http: AxiosAdapter, call: CallUnderWay, agents: Agents, http2: Http2): Promise<AxiosResponse> {
  const { attempt, config } = call;
  if (Number(config.httpVersion) === 2) {
    // axios refuses HTTP/2 through an explicit proxy, and ignores the environment's.
    return runAdapter(http, call, config.proxy ? {} : { httpVersion: 1, proxy: false, transport: http2.transport(attempt) });
  }
  const added = addedHeaders(call);
  const headers = axios.AxiosHeaders.from((added.headers ?? config.headers) as AxiosRequestHeaders) as AxiosRequestHeaders;
  const serializing = serializingOnce(config);
  const plain = plainOf(config, headers, serializing.paramsSerializer);
  if (plain) {
    plain.options.agent = agents.facade(plain.secure ? 'https:' : 'http:', attempt, config);
    try {
      return exchange(plain, config, attempt, (response) => {
        const answer = new GivenAnswer(response);
        return runAdapter(http, call, seen(agents, call, serializing, answer), added).finally(() => answer.drop());
      });
    } catch {
      attempt.hops = 0; // Node rejects the request: axios has its own error for that
    }
  }
  return runAdapter(http, call, seen(agents, call, serializing), added);
}

/** The facades route each hop through its proxy, so that a tunnel's phases are seen, and abort it with the attempt: no signal is needed. */
const seen = (agents: Agents, { attempt, config }: CallUnderWay, serializing: Changes, answer?: GivenAnswer): Changes => ({
  proxy: false,
  signal: undefined,
  httpAgent: agents.facade('http:', attempt, config, answer),
  httpsAgent: agents.facade('https:', attempt, config, answer),
  ...serializing,
});

/** The peer may have closed the connection while it was idle: then a reset says nothing about the upstream's health. */
function tellReuse({ reusedSocket, aborted }: Attempt, error: unknown): void {
  const isReset = reusedSocket && !aborted && axios.isAxiosError(error) && !error.response;
  if (isReset) Object.assign(error, { reusedSocket });
}

/** Destroys a stream that was handed out when the attempt is aborted, and gives its consumer the reason. */
function endWith(attempt: Attempt, data: unknown): void {
  if (!(data instanceof Readable)) return;
  leaveRoom(data);
  const request = attempt.request as (Readable & { res?: Readable }) | undefined;
  const source = request?.res ?? request; // over HTTP/2 they are one
  // With `maxContentLength` it is a stream of its own: destroyed before it was read, that would leave the source open.
  if (source !== data) data.once('close', () => source?.readableEnded || source?.destroy());
  if (attempt.bodyOpen) attempt.onAbort((reason) => data.on('error', () => {}).destroy(reason as Error));
}
