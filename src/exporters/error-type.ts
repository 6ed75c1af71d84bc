/** Why an attempt failed, in few words: the conventions' `error.type`. */
import type { AttemptRecord } from '../telemetry/record';
import { OTHER } from './endpoint-labels';

/** A custom adapter may put anything into a code; what is none of the usual makes no series of its own. */
const CODE = /^[A-Z][A-Z\d_]{0,63}$/;

/** `timeout`, else the status, else the error's code; nothing for a success, nor where the caller canceled. */
export function errorTypeOf({ outcome, status, code }: Pick<AttemptRecord, 'outcome' | 'status' | 'code'>): string | undefined {
  if (outcome === 'success' || outcome === 'canceled') return undefined;
  if (outcome === 'timeout') return 'timeout';
  const known = code !== undefined && CODE.test(code);
  // An answer that began well and broke off has its status too, and that is no failure.
  if (status !== undefined && outcome === 'http-error' && (status >= 300 || !known)) return String(status);
  return known ? code : OTHER;
}
