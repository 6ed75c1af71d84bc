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
  define(error, as, true);
  for (const name of ['config', 'request'] as const) define(error, name, error[name]);
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
 * The JSON of an error: its message, request, the `facts` of its own and attempts. Not axios' own JSON, which includes the config: headers, credentials,
 * data, the whole URL.
 */
export function json<E extends AxiosError & { history?: readonly AttemptSummary[] }>(error: E, facts: readonly (keyof E)[]): object {
  const { name, message, code, status, history, stack } = error;
  // `withDeadline` has no request to name.
  const [, method, url] = /^(\S+) (.*)$/.exec(targets.get(error) ?? '') ?? [];
  return { name, message, code, status, method, url, ...Object.fromEntries(facts.map((fact) => [fact, error[fact]])), history, stack };
}
