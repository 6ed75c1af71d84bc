// What can be told of a value, as plain data that can be compared: responses, errors, requests, and every kind of body.
import axios, { AxiosError, type AxiosResponse, CanceledError } from 'axios';

export type Told = null | string | number | boolean | Told[] | { [name: string]: Told };

/** A value, however deep; of a function only that it is one. */
export function toldOf(value: unknown, above: unknown[] = []): Told {
  if (value === undefined) return 'undefined';
  if (typeof value === 'function') return `function ${value.name}`;
  if (typeof value === 'bigint' || typeof value === 'symbol') return String(value);
  if (value === null || typeof value !== 'object') return value as Told;
  if (above.includes(value)) return 'circular';
  const deeper = [...above, value];
  if (Array.isArray(value)) return value.map((item) => toldOf(item, deeper));
  const kind = Object.prototype.toString.call(value).slice(8, -1);
  if (value instanceof axios.AxiosHeaders) return { AxiosHeaders: { ...value.toJSON() } as Told };
  if (value instanceof Blob) return { [kind]: [value.size, value.type, value instanceof File ? value.name : ''] };
  if (value instanceof FormData) return { FormData: [...value].map(([name, item]) => [name, toldOf(item)]) };
  if (value instanceof URLSearchParams) return { URLSearchParams: String(value) };
  if (value instanceof ArrayBuffer) return { ArrayBuffer: [...new Uint8Array(value)] };
  if (ArrayBuffer.isView(value)) return { [kind]: [...new Uint8Array(value.buffer, value.byteOffset, value.byteLength)] };
  if (value instanceof Document) return { Document: [value.contentType, value.documentElement.outerHTML] };
  if (kind !== 'Object') return { kind, ...(value instanceof Error && { name: value.name, message: value.message }) };
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, toldOf(item, deeper)]));
}

/** A body, read to its end. */
export async function toldOfBody(data: unknown): Promise<Told> {
  if (data instanceof Blob) return { Blob: [data.size, data.type, await data.text()] };
  if (!(data instanceof ReadableStream)) return toldOf(data);
  const { locked } = data;
  const reader = data.getReader();
  const decoder = new TextDecoder();
  let text = '';
  try {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      if (!(chunk.value instanceof Uint8Array)) throw new Error('a chunk that is no Uint8Array');
      text += decoder.decode(chunk.value, { stream: true });
    }
    return { stream: text, locked };
  } catch (error) {
    return { stream: text, locked, error: await toldOfError(error) };
  }
}

export async function toldOfResponse(value: unknown): Promise<Told> {
  const { status, statusText, headers, data, request, config, duration, ...rest } = value as AxiosResponse & { duration: unknown };
  const headersAre = headers instanceof axios.AxiosHeaders ? 'AxiosHeaders' : typeof headers;
  return {
    ...{ status, statusText, headersAre, headers: { ...headers } as Told, duration: typeof duration, rest: toldOf(rest) },
    data: await toldOfBody(data),
    request: toldOfRequest(request),
    config: toldOf(config),
  };
}

/** An error, and what its handlers use. */
export async function toldOfError(reason: unknown): Promise<Told> {
  if (!(reason instanceof Error)) return { thrown: toldOf(reason) };
  const { name, message, cause } = reason;
  const { code, status, config, request, response, toJSON, event } = reason as AxiosError & { event?: Event };
  const { stack: _, ...json } = toJSON ? (toJSON.call(reason) as Record<string, unknown>) : {};
  return {
    ...{ name, message, code: code ?? 'none', status: status ?? 'none', keys: Object.keys(reason).sort() },
    classes: [reason instanceof AxiosError, reason instanceof CanceledError, axios.isAxiosError(reason), axios.isCancel(reason)],
    made: reason.constructor.name,
    cause: cause === undefined ? 'none' : [(cause as Error).name, (cause as Error).message],
    event: event?.type ?? 'none',
    config: toldOf(config),
    json: toldOf(json),
    request: toldOfRequest(request),
    response: response ? await toldOfResponse(response) : 'none',
  };
}

/** What the adapter made the request with. */
function toldOfRequest(request: unknown): Told {
  if (request instanceof XMLHttpRequest) {
    // Not its `timeout`: the limits of a client are kept by its own clock.
    const { responseURL, status, statusText, readyState, withCredentials, responseType } = request;
    return { xhr: { responseURL, status, statusText, readyState, withCredentials, responseType } };
  }
  if (!(request instanceof Request)) return toldOf(request);
  const { url, method, credentials, mode, cache, redirect, referrer, referrerPolicy, integrity, keepalive, bodyUsed } = request;
  const headers = [...request.headers].map(([name, value]) => [name, value.replace(/boundary=.*/, 'boundary')]);
  return { fetch: { url, method, credentials, mode, cache, redirect, referrer, referrerPolicy, integrity, keepalive, bodyUsed, headers } };
}
