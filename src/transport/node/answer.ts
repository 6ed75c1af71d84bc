/** Turns a response into what axios' http adapter returns: decompressed, buffered unless streamed, and checked by `validateStatus`. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import axios, { AxiosError, type AxiosResponse, type AxiosResponseHeaders, type InternalAxiosRequestConfig } from 'axios';
import { withoutStack } from '../../errors/caller';
import { UNCLEAN } from '../../util/header';
import { unpacked } from './unpack';

export type Resolve = (response: AxiosResponse | Promise<AxiosResponse>) => void;
export type Reject = (error: AxiosError) => void;

/** Settles with the outcome of the body. As in axios, errors carry the request and, unless the body is too long, the response. */
export function answerWith(res: IncomingMessage, config: InternalAxiosRequestConfig, resolve: Resolve, reject: Reject): void {
  const body = unpacked(res, config);
  const { maxContentLength = -1, responseType } = config;
  const { req: request } = res as IncomingMessage & { req: unknown };
  const response = {
    status: res.statusCode,
    statusText: res.statusMessage,
    headers: headersOf(res.headers),
    config,
    request,
  } as AxiosResponse;
  if (responseType === 'stream') {
    response.data = maxContentLength > -1 ? heldTo(maxContentLength, body, response) : body;
    return settle(response, resolve, reject);
  }

  const chunks: Buffer[] = [];
  let length = 0;
  body.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    length += chunk.length;
    if (!(maxContentLength > -1 && length > maxContentLength)) return; // NaN means no limit
    reject(tooLong(maxContentLength, response));
    body.destroy();
    res.destroy();
  });
  body.on('aborted', () => {
    const error = new AxiosError('stream has been aborted', AxiosError.ERR_BAD_RESPONSE, config, request, response);
    body.destroy(error);
    reject(error);
  });
  body.on('error', (error) => reject(AxiosError.from(error, undefined, config, request, response)));
  body.on('end', () => {
    try {
      response.data = dataOf(chunks, config);
    } catch (error) {
      return reject(AxiosError.from(error as Error, undefined, config, request, response));
    }
    settle(response, resolve, reject);
  });
}

const tooLong = (limit: number, { config, request }: AxiosResponse): AxiosError =>
  new AxiosError(`maxContentLength size of ${limit} exceeded`, AxiosError.ERR_BAD_RESPONSE, config, request);

/** As with axios, an error that nobody listens for does not crash the process. */
const heldTo = (limit: number, body: Readable, response: AxiosResponse): Readable =>
  Readable.from(within(limit, body, response), { objectMode: false }).on('error', () => {});

async function* within(limit: number, body: Readable, response: AxiosResponse): AsyncGenerator<Buffer> {
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > limit) throw tooLong(limit, response);
    yield chunk;
  }
}

function dataOf(chunks: Buffer[], { responseType, responseEncoding: encoding }: InternalAxiosRequestConfig): Buffer | string {
  const [first] = chunks;
  const bytes = chunks.length === 1 && first ? first : Buffer.concat(chunks);
  if (responseType === 'arraybuffer') return bytes;
  const text = bytes.toString(encoding as BufferEncoding | undefined);
  return (!encoding || encoding === 'utf8') && text.charCodeAt(0) === BOM ? text.slice(1) : text;
}

const BOM = 0xfeff;

function settle(response: AxiosResponse, resolve: Resolve, reject: Reject): void {
  const { status, config, request } = response;
  try {
    if (!status || !config.validateStatus || config.validateStatus(status)) return resolve(response);
  } catch (error) {
    return reject(error as AxiosError); // thrown in an event listener, as in axios, it would crash the process
  }
  const code = status >= 400 && status < 500 ? AxiosError.ERR_BAD_REQUEST : AxiosError.ERR_BAD_RESPONSE;
  // Where an event arrived says nothing, and the caller's stack is added.
  reject(withoutStack(() => new AxiosError(`Request failed with status code ${status}`, code, config, request, response)));
}

/** A fast path for headers that axios would leave as they are; Node has already joined duplicates. */
function headersOf(raw: IncomingHttpHeaders): AxiosResponseHeaders {
  const headers = new axios.AxiosHeaders() as AxiosResponseHeaders;
  for (const name of Object.keys(raw)) {
    const value = raw[name];
    if (typeof value !== 'string' || UNCLEAN.test(value) || name === '__proto__') {
      return new axios.AxiosHeaders(raw as Record<string, string>) as AxiosResponseHeaders;
    }
    headers[name] = value;
  }
  return headers;
}
