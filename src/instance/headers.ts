/** Skips the normalizing of headers that are as axios would leave them. axios does it before and after each list of transforms. */
import axios, { type AxiosHeaders } from 'axios';
import { UNCLEAN } from '../util/header';

/** Normalizes headers in place, as axios does. */
export const normalized = (headers: AxiosHeaders): AxiosHeaders => (isNormal(headers) ? headers : headers.normalize(false));

/** Whether each name is there once, a plain one, with a clean text or nothing. */
function isNormal(headers: AxiosHeaders): boolean {
  if (headers.normalize !== axios.AxiosHeaders.prototype.normalize) return false; // a class of the user's
  const names = Object.keys(headers);
  for (let at = 0; at < names.length; at++) {
    const name = names[at] as string;
    const value: unknown = headers[name];
    const isClean = typeof value === 'string' ? !UNCLEAN.test(value) : value === undefined || value === null || value === false;
    if (!isClean || !NAME.test(name)) return false;
    for (let before = 0; before < at; before++) if (isSameName(name, names[before] as string)) return false;
  }
  return true;
}

const NAME = /^[a-z][a-z\d-]*$/i;

const isSameName = (one: string, other: string): boolean => one.length === other.length && one.toLowerCase() === other.toLowerCase();
