/**
 * One plain request and its answer, as axios' http adapter makes them, without what only other requests need. A redirect goes on through
 * the adapter: what happens then is axios' own doing.
 */
import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import { AxiosError, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import type { Attempt } from '../../call/attempt';
import { answerWith } from './answer';
import type { Plain } from './plain';
import { follow, isRedirect, tellAnswer, tellRequest, Unredirected } from './redirect';

/** Runs the adapter on an answer that is there. */
export type HandOn = (response: IncomingMessage) => Promise<AxiosResponse>;

/** Throws what Node throws where the request cannot be made. */
export function exchange(plain: Plain, config: InternalAxiosRequestConfig, attempt: Attempt, handOn: HandOn): Promise<AxiosResponse> {
  const { options, body } = plain;
  const follows = config.maxRedirects !== 0;
  let onResponse: (res: IncomingMessage) => void = () => {};
  const req = (plain.secure ? https : http).request(options, (res) => onResponse(res)) as ClientRequest & { _redirectable?: unknown };
  if (follows) req._redirectable = new Unredirected(req, options);

  return new Promise((resolve, reject) => {
    const fail = (error: AxiosError): void => {
      // A connection that the peer had closed while it was idle: says why a reset is no news of the upstream's health.
      if (attempt.reusedSocket && !error.response) Object.assign(error, { reusedSocket: true });
      reject(error);
    };
    onResponse = (res) => {
      if (req.destroyed || attempt.aborted) return; // its connection may be closed a moment later
      if (follows && isRedirect(res)) return resolve(handOn(follow(res)));
      if (follows) tellAnswer(res, req, options);
      answerWith(res, config, resolve, fail);
    };
    req.on('error', (error) => {
      req.destroy(); // a socket that fails does not always say so of its request
      if (follows) tellRequest(req);
      if (attempt.aborted) return reject(error); // it has been told what ended it, and an error with a stack is dear
      fail(AxiosError.from(error, undefined, config, req));
    });
    if (body) req.write(body);
    req.end();
  });
}
