/** What our errors share: a mark to recognise them by, and JSON that is safe to log. */
import { AxiosError } from 'axios';
import { define } from '../util/define';
import type { AttemptSummary } from '../words';

/**
 * Marks an error as ours. Its `config` and `request` stay readable but are not enumerable, so that no console or logger shows the headers
 * in them; nor is its `toJSON`, which pino would take over into its own copy of an error, and call in place of what it copied.
 *
 * @param target `METHOD url`, redacted, of the request that the error is about; `withDeadline` has none to name.
 * @param facts Fields of its own, which its JSON tells.
 */
export function mark(error: AxiosError, as: symbol, target: string, facts: object): void {
  define(error, as, true);
  for (const name of ['config', 'request'] as const) define(error, name, error[name]);
  Object.assign(error, facts);
  // Unless the program has given a class one.
  if (error.toJSON === AxiosError.prototype.toJSON) define(error, 'toJSON', () => json(error, target, facts));
}

export function isMarked(error: unknown, as: symbol): boolean {
  try {
    return typeof error === 'object' && error !== null && as in error;
  } catch {
    return false; // a proxy that throws is none of ours
  }
}

/**
 * The JSON of an error: its message, its request, the `facts` of its own and its attempts. Not axios' own, which has the config in it:
 * headers, credentials, data, the whole URL.
 */
function json(error: AxiosError & { history?: readonly AttemptSummary[] }, target: string, facts: object): object {
  const { name, message, code, status, history, stack } = error;
  const [, method, url] = /^(\S+) (.*)$/.exec(target) ?? [];
  const told = Object.keys(facts).map((fact) => [fact, error[fact as keyof AxiosError]]);
  return { name, message, code, status, method, url, ...Object.fromEntries(told), history, stack };
}
