/** What the end of a call says about its endpoint. */
import type { AxiosResponse } from 'axios';
import type { Call } from '../call';
import type { Attempt } from '../call/attempt';
import { answerOf, codeOf, isCanceled, isLocal, isTimeout } from '../errors';
import type { BreakerSettings } from '../options/breaker';
import { consult } from '../util/complain';
import type { Verdict } from './breaker-counts';

/** The verdict of the rules, or of the user's `isFailure`. */
export function verdictOn(call: Call, error: unknown, given: AxiosResponse | undefined, isFailure: BreakerSettings['isFailure']): Verdict {
  const { attempt } = call; // a call that ended just before its first attempt has none
  const { status } = given ?? answerOf(error) ?? (isTooLong(error) || isThrown(call, error) ? attempt : undefined) ?? {};
  const verdict = byRule(error, status, attempt?.handedOver);
  // `isFailure` is not asked about what says nothing about the endpoint, but may call a 429 a failure.
  if (!isFailure || (verdict === 'ignored' && status === undefined)) return verdict;
  const outcome = { error, status, elapsed: (attempt as Attempt).elapsed };
  const answer = consult(isFailure, [outcome], verdict === 'failure', '`breaker.isFailure` failed; the rule decides.');
  return answer ? 'failure' : verdict === 'ignored' ? verdict : 'success';
}

/** The caller's own doing, and what is refused or broken on this side, says nothing about the endpoint; a 4xx shows that it is alive. */
function byRule(error: unknown, status: number | undefined, handedOver: boolean | undefined): Verdict {
  if (status !== undefined) return status === 429 ? 'ignored' : status === 408 || (status >= 500 && status !== 501) ? 'failure' : 'success';
  if (error === undefined) return 'success';
  if (isCanceled(error) || isLocal(error)) return 'ignored';
  if (isTimeout(error)) return error.limit === 'deadline' || error.kind === 'queue' ? 'ignored' : 'failure';
  return handedOver === false || isTooLong(error) || isOurs(error) ? 'ignored' : 'failure';
}

/** Whether a body was longer than the caller takes, which is no failure of the endpoint. axios has no code for it. */
const isTooLong = (error: unknown): boolean => /^maxContentLength /.test((error as Error | undefined)?.message ?? '');

/** Whether the caller's `validateStatus` may have thrown: the response is there, and what goes wrong on the way has a code. */
const isThrown = ({ attempt, config }: Call, error: unknown): boolean =>
  !codeOf(error) && (attempt?.isWhole || config?.responseType === 'stream');

/** Of a host with several addresses, the code is that of the first: one of IPv6 says nothing of a host without it, but the others count. */
const isOurs = (error: unknown): boolean =>
  OURS.has(codeOf(error) ?? '') && (error as { cause?: Partial<AggregateError> }).cause?.errors?.every?.(isOurs) !== false;

/** Codes of mistakes on this side: axios', Node's for what cannot be written into a request, and the system's if it has no more to give. */
const OURS = new Set([
  'ERR_BAD_OPTION',
  'ERR_BAD_OPTION_VALUE',
  'ERR_BAD_REQUEST',
  'ERR_INVALID_URL',
  'ERR_NOT_SUPPORT',
  'ERR_DEPRECATED',
  'ERR_FORM_DATA_DEPTH_EXCEEDED',
  'ERR_INVALID_HTTP_TOKEN',
  'ERR_INVALID_CHAR',
  'ERR_HTTP_INVALID_HEADER_VALUE',
  'ERR_UNESCAPED_CHARACTERS',
  'ERR_INVALID_ARG_TYPE',
  'ERR_INVALID_ARG_VALUE',
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
  'ENOMEM',
  'EADDRNOTAVAIL',
]);
