/** Whether Node itself makes the requests, with no mock or tracer in between. */
import { channel } from 'node:diagnostics_channel';
import http, { ClientRequest } from 'node:http';
import https from 'node:https';

/** The functions that mocks and tracers replace. */
const replaceable = (): unknown[] => {
  const { _storeHeader, end, onSocket } = ClientRequest.prototype as ClientRequest & { _storeHeader: unknown };
  return [http.request, https.request, _storeHeader, end, onSocket];
};

let known = { functions: [] as unknown[], areNodes: false };

/** Where tracers learn of every request created (Node 22 and later), whether or not it is sent. */
const CREATED = channel('http.client.request.created');

/**
 * Whether `request` and what it creates are Node's own and nobody is subscribed. When a response is handed on, a mock (nock, msw) would
 * answer twice, and a tracer would report a request that is never sent, or wait for its end.
 */
export function isUntouched(): boolean {
  if (CREATED.hasSubscribers) return false;
  const functions = replaceable();
  if (functions.some((one, i) => one !== known.functions[i])) known = { functions, areNodes: functions.every(isWrittenByNode) };
  return known.areNodes;
}

/** Judged by the beginning of its source. */
const isWrittenByNode = (one: unknown): boolean =>
  /^function (request\(.*\bClientRequest\b|_storeHeader\(firstLine|end\(chunk|onSocket\(socket)/s.test(
    Function.prototype.toString.call(one),
  );
