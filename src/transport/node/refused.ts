/** A proxy that answers CONNECT with something other than a tunnel. */
import axios, { AxiosError, type AxiosResponse } from 'axios';

/** How many lines of an answer are read: an AxiosHeaders takes quadratic time to fill, and who answers may be hostile. */
const MAX_LINES = 200;

export class TunnelRefused extends Error {
  readonly code: string;
  readonly answer: Pick<AxiosResponse, 'status' | 'statusText' | 'headers'> | undefined;

  /** @param head All that came before the empty line. */
  constructor(proxy: string, target: string, head: string) {
    const [first = '', ...fields] = head.split('\n', MAX_LINES);
    // Node lets control characters pass in a reason phrase, but this one becomes part of a message.
    const [, status = '', statusText = ''] = /^HTTP\/1\.\d (\d{3}) ?(.*)/.exec(first.replace(/\p{Cc}/gu, '')) ?? [];
    super(`The proxy ${proxy} refused the tunnel to ${target}: ${status} ${statusText}`.trimEnd());
    this.code = status.startsWith('4') ? AxiosError.ERR_BAD_REQUEST : AxiosError.ERR_BAD_RESPONSE;
    const headers = axios.AxiosHeaders.from(fields.join('\n'));
    this.answer = status ? { status: Number(status), statusText, headers } : undefined;
  }
}

/** As with axios' own agent, the proxy's answer is the response. Its body is not read. */
export function tellRefusal(error: unknown): void {
  if (!(error instanceof AxiosError) || !(error.cause instanceof TunnelRefused)) return;
  const { answer } = error.cause;
  if (answer)
    Object.assign(error, { status: answer.status, response: { ...answer, data: '', config: error.config, request: error.request } });
}
