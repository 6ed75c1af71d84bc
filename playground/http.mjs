// What the backends share: reading JSON from a request, and responding with JSON or with lines of it.

/** @import { IncomingMessage, ServerResponse } from 'node:http' */

const BODY_LIMIT = 10_000; // bytes

/**
 * @param {IncomingMessage} req
 * @returns {Promise<unknown>}
 */
export async function readJson(req) {
  let text = '';
  for await (const chunk of req.setEncoding('utf8')) {
    text += chunk;
    if (text.length > BODY_LIMIT) throw new Error('the request is too large');
  }
  return JSON.parse(text);
}

/**
 * @param {ServerResponse} res
 * @param {number} status
 * @param {unknown} value
 */
export function json(res, status, value) {
  res.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
}

/**
 * @param {ServerResponse} res
 * @returns {(value: unknown) => void} Writes a line.
 */
export function lines(res) {
  res.writeHead(200, { 'Content-Type': 'application/x-ndjson' }).flushHeaders();
  return (value) => void (res.destroyed || res.writableEnded || res.write(`${JSON.stringify(value)}\n`));
}
