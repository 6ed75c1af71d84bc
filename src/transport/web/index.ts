/** The browser transport: fetch, and XHR for what fetch cannot do. */
import type { AxiosInstance } from 'axios';
import type { Handler } from '../../call';
import { fullUrl } from '../../endpoint';
import type { Send } from '../../policies/dispatch';
import { byAdapter, type Prefer } from '../adapter';
import { fetchHandler } from './fetch';
import { xhrHandler } from './xhr';

export { createSender } from '../../beacon/web';
export { ambient } from './ambient';

/** A page has no environment variable to be switched off by. */
export const isSwitchedOff = (): boolean => false;

/** A browser has no diagnostics channels. */
export const createDiagnostics = () => (): undefined => undefined;

/**
 * fetch exposes headers and chunks, except in React Native, where it is made of XHR and has errors that axios does not know. Only XHR has
 * upload progress and documents, and axios encodes a non-ASCII user differently for it, and says which scheme it refuses.
 */
const prefer: Prefer = (config) => {
  const { onUploadProgress, responseType, auth, env } = config;
  const isForXhr =
    onUploadProgress ||
    responseType === 'document' ||
    /[^ -~]/.test(auth?.username ?? '') ||
    UNSUPPORTED.test(fullUrl(config)) ||
    !(env?.fetch || hasBodies());
  return isForXhr ? 'xhr' : 'fetch';
};

/** A scheme that axios does not know in a page; it takes the host of `localhost:3000/api` for one. To fetch it is a network failure. */
const UNSUPPORTED = /^(?!(?:https?|file|blob|url|data):)[-+\w]{1,25}:/i;

function hasBodies(): boolean {
  const { prototype } = (globalThis.Response ?? {}) as { prototype?: object };
  return !prototype || 'body' in prototype;
}

export function createTransport(): { handle: Handler; close(): Promise<void> } {
  return { handle: knowingOffline(byAdapter({ fetch: fetchHandler, xhr: xhrHandler }, prefer)), close: async () => {} };
}

/** Nothing is handed over while offline, so that no breaker is open once the network is back. Only a false `onLine` can be trusted. */
const knowingOffline =
  (handle: Handler): Handler =>
  (call) =>
    handle(call).catch((error) => {
      if (call.attempt && globalThis.navigator?.onLine === false) call.attempt.handedOver = false;
      throw error;
    });

/** Node's fast path to a request saves microseconds; in a page its bytes would cost more than that. */
export const requestOf: ((instance: AxiosInstance) => Send) | undefined = undefined;
