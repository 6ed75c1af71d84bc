/** What a browser has: fetch, and XHR for what fetch cannot do. */
import type { AxiosInstance } from 'axios';
import type { Handler } from '../../call';
import type { Send } from '../../policies/dispatch';
import { byAdapter, type Prefer } from '../adapter';
import { fetchHandler } from './fetch';
import { xhrHandler } from './xhr';

export { createSender } from '../../beacon/web';
export { ambient } from './ambient';

/** A page has no environment to be switched off by. */
export const isSwitchedOff = (): boolean => false;

/** A browser has no diagnostics channels. */
export const createDiagnostics = () => (): undefined => undefined;

/** fetch shows headers and chunks. XHR alone shows upload progress and makes documents, and axios encodes a user beyond ASCII another way for it. */
const prefer: Prefer = ({ onUploadProgress, responseType, auth }) =>
  onUploadProgress || responseType === 'document' || /[^ -~]/.test(auth?.username ?? '') ? 'xhr' : 'fetch';

export function createTransport(): { handle: Handler; close(): Promise<void> } {
  return { handle: knowingOffline(byAdapter({ fetch: fetchHandler, xhr: xhrHandler }, prefer)), close: async () => {} };
}

/** Without a network nothing is handed over: no endpoint is to be cut off for that once it is back. Of what `onLine` says only false is sure. */
const knowingOffline =
  (handle: Handler): Handler =>
  (call) =>
    handle(call).catch((error) => {
      if (call.attempt && globalThis.navigator?.onLine === false) call.attempt.handedOver = false;
      throw error;
    });

/** Node's short way to a request saves microseconds; a page would pay more for its bytes. */
export const requestOf: ((instance: AxiosInstance) => Send) | undefined = undefined;
