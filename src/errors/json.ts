/** What our errors have in common: a mark to know them by, and a JSON that can be logged. */
import type { AxiosError } from 'axios';
import { define } from '../util/define';
import type { AttemptSummary } from '../words';

/** `METHOD url`, redacted, of the request an error is about. */
const targets = new WeakMap<object, string>();

/**
 * Makes an error known as one of ours. Its config is there as ever, and the request where axios' fetch adapter adds it; but no console or
 * logger that lists properties shows the headers in them.
 */
export function mark(error: AxiosError, as: symbol, target: string): void {
  define(error, as, { value: true });
  for (const name of ['config', 'request'] as const)
    define(error, name, { value: error[name], enumerable: false, writable: true, configurable: true });
  targets.set(error, target);
}

export function isMarked(error: unknown, as: symbol): boolean {
  try {
    return typeof error === 'object' && error !== null && as in error;
  } catch {
    return false; // a proxy that cannot be looked at is none of ours
  }
}

/**
 * The JSON of an error: what it says, the request it is about, its facts, the attempts. Not axios' JSON, which has the config in it:
 * headers, credentials, data, the whole URL.
 */
export function json(error: AxiosError & { history?: AttemptSummary[] }, facts: object): object {
  const { name, message, code, status, history, stack } = error;
  // Of `withDeadline` there is no request to tell.
  const [, method, url] = /^(\S+) (.*)$/.exec(targets.get(error) ?? '') ?? [];
  return { name, message, code, status, method, url, ...facts, history, stack };
}
