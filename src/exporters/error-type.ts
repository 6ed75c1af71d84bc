/** Why an attempt failed: `error.type` of OpenTelemetry's conventions. */
import type { AttemptRecord } from '../telemetry/record';
import { OTHER } from './endpoint-labels';

/** A custom adapter may put anything into a code; an unusual one gets no series of its own. */
const CODE = /^[A-Z][A-Z\d_]{0,63}$/;

/** `timeout`, else the status, else the error's code; `undefined` for a success, or if the caller canceled. */
export function errorTypeOf({ outcome, status, code }: Pick<AttemptRecord, 'outcome' | 'status' | 'code'>): string | undefined {
  if (outcome === 'success' || outcome === 'canceled') return undefined;
  if (outcome === 'timeout') return 'timeout';
  const known = code !== undefined && CODE.test(code);
  // A response that began well and broke off has a status too, but not one that says why it failed.
  if (status !== undefined && outcome === 'http-error' && (status >= 300 || !known)) return String(status);
  return known ? code : OTHER;
}
