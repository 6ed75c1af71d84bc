/** Whether Node makes the requests itself. */
import { channel } from 'node:diagnostics_channel';
import http from 'node:http';
import https from 'node:https';

let known = { http: undefined as unknown, https: undefined as unknown, nodes: false };

/** Where tracers hear of each request that is made (Node 22 and later), sent or not. */
const CREATED = channel('http.client.request.created');

/**
 * Whether `request` is Node's own, and nobody listens: a mock (nock, msw) would answer twice where an answer is handed on, and a tracer wait
 * for the end of a request that is never sent.
 */
export function isUntouched(): boolean {
  if (CREATED.hasSubscribers) return false;
  if (known.http !== http.request || known.https !== https.request) {
    known = { http: http.request, https: https.request, nodes: [http.request, https.request].every(isWrittenByNode) };
  }
  return known.nodes;
}

const isWrittenByNode = (request: unknown): boolean =>
  /^function request\(.*\bClientRequest\b/s.test(Function.prototype.toString.call(request));
