/** Whether Node makes the requests itself. */
import { channel } from 'node:diagnostics_channel';
import http, { ClientRequest } from 'node:http';
import https from 'node:https';

/** What mocks and tracers put something of their own in the place of. */
const replaceable = (): unknown[] => {
  const { _storeHeader, end, onSocket } = ClientRequest.prototype as ClientRequest & { _storeHeader: unknown };
  return [http.request, https.request, _storeHeader, end, onSocket];
};

let known = { functions: [] as unknown[], areNodes: false };

/** Where tracers hear of each request that is made (Node 22 and later), sent or not. */
const CREATED = channel('http.client.request.created');

/**
 * Whether `request`, and what it makes, is Node's own, and nobody listens: a mock (nock, msw) would answer twice where an answer is handed on, and
 * a tracer tell of a request, or wait for its end, that is never sent.
 */
export function isUntouched(): boolean {
  if (CREATED.hasSubscribers) return false;
  const functions = replaceable();
  if (functions.some((one, i) => one !== known.functions[i])) known = { functions, areNodes: functions.every(isWrittenByNode) };
  return known.areNodes;
}

/** By the beginning of its text. */
const isWrittenByNode = (one: unknown): boolean =>
  /^function (request\(.*\bClientRequest\b|_storeHeader\(firstLine|end\(chunk|onSocket\(socket)/s.test(
    Function.prototype.toString.call(one),
  );
