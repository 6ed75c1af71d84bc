/** What our errors share: a mark to recognise them by, and JSON that is safe to log. */
import type { AxiosError } from 'axios';
import { define } from '../util/define';
import type { AttemptSummary } from '../words';

/** `METHOD url`, redacted, of the request an error is about. */
const targets = new WeakMap<object, string>();

/**
 * Marks an error as ours. Its `config` and `request` stay readable but are not enumerable, so that
 * no console or logger shows the headers in them.
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
    return false; // a proxy that throws is none of ours
  }
}

/**
 * The JSON of an error: its message, request, facts and attempts. Not axios' own JSON, which includes the config: headers, credentials,
 * data, the whole URL.
 */
export function json(error: AxiosError & { history?: readonly AttemptSummary[] }, facts: object): object {
  const { name, message, code, status, history, stack } = error;
  // `withDeadline` has no request to name.
  const [, method, url] = /^(\S+) (.*)$/.exec(targets.get(error) ?? '') ?? [];
  return { name, message, code, status, method, url, ...facts, history, stack };
}
