/**
 * One plain request and its response, as in axios' http adapter but without what only other requests need. A redirect is handed on to the
 * adapter, so that following it remains axios' own business.
 */
import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import { AxiosError, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import type { Attempt } from '../../call/attempt';
import { answerWith } from './answer';
import type { Plain } from './plain';
import { follow, isRedirect, tellAnswer, tellRequest, Unredirected } from './redirect';

type Request = ClientRequest & { _redirectable?: unknown; res?: IncomingMessage };

/** Runs the adapter on a response that has already arrived. */
export type HandOn = (response: IncomingMessage) => Promise<AxiosResponse>;

/** Throws what Node throws if the request cannot be made. */
export function exchange(plain: Plain, config: InternalAxiosRequestConfig, attempt: Attempt, handOn: HandOn): Promise<AxiosResponse> {
  const { options, body } = plain;
  const follows = config.maxRedirects !== 0;
  let onResponse: (res: IncomingMessage) => void = () => {};
  const req = (plain.secure ? https : http).request(options, (res) => onResponse(res)) as Request;
  if (follows) req._redirectable = new Unredirected(req, options);

  return new Promise((resolve, reject) => {
    onResponse = (res) => {
      if (req.destroyed || attempt.aborted) return; // an aborted attempt's connection may be closed a little later
      if (follows && isRedirect(res)) return resolve(handOn(follow(res)));
      if (follows) tellAnswer(res, req, options);
      answerWith(res, config, resolve, reject);
    };
    req.on('error', (error) => {
      // A socket error does not always destroy the request. If there is a response, that would discard what nobody has read of it yet.
      if (!req.res) req.destroy();
      if (follows) tellRequest(req);
      if (attempt.aborted) return reject(error); // the call already has its error, and another stack trace is expensive
      reject(AxiosError.from(error, undefined, config, req));
    });
    if (body) req.write(body);
    req.end();
  });
}
