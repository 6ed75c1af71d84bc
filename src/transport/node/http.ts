/** One attempt through axios' http adapter. */
import { Readable } from 'node:stream';
import axios, { type AxiosRequestConfig } from 'axios';
import type { Attempt, Call, Handler } from '../../call';
import { runAdapter } from '../adapter';
import type { Agents } from './agents';
import { type Http2, tellReason } from './http2';

export const httpHandler =
  (agents: Agents, http2: Http2): Handler =>
  async (call) => {
    const attempt = call.attempt as Attempt;
    const changes = changesFor(call, attempt, agents, http2);
    try {
      const response = await runAdapter(axios.getAdapter('http'), call, attempt, changes);
      endWith(attempt, response.data);
      return response;
    } catch (error) {
      tellReason(error);
      endWith(attempt, (error as { response?: { data?: unknown } }).response?.data);
      throw error;
    }
  };

function changesFor(call: Call, attempt: Attempt, agents: Agents, http2: Http2): AxiosRequestConfig {
  const config = call.config as AxiosRequestConfig;
  if (Number(config.httpVersion) === 2) {
    // axios refuses HTTP/2 through an explicit proxy, and ignores the environment's.
    return config.proxy ? {} : { httpVersion: 1, proxy: false, transport: http2.transport(attempt) };
  }
  // The facades route each hop through its proxy, so that the tunnel's phases are seen.
  return { proxy: false, httpAgent: agents.facade('http:', attempt, config), httpsAgent: agents.facade('https:', attempt, config) };
}

/** A stream that was handed out ends with the attempt, and its consumer is told why. */
function endWith(attempt: Attempt, data: unknown): void {
  if (!attempt.bodyOpen || !(data instanceof Readable)) return;
  attempt.onAbort((reason) => data.on('error', () => {}).destroy(reason as Error));
}
