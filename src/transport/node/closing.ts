/**
 * When connections are closed. It is the dearest part of a call's end, a system call and what the kernel does for it: where very many calls end
 * at once, their callers are told first, and the connections are closed over the next turns of the event loop.
 */
import { now } from '../../clock';
import { contain } from '../../util/complain';

/** So many are closed on the spot within so many milliseconds; and then so many in a turn. */
const AT_ONCE = 8;
const WINDOW = 2;

let since = -Infinity;
let closed = 0;
const waiting: (() => void)[] = [];

/** Soon: on the spot, as a rule. */
export function closeSoon(close: () => void): void {
  if (isFree()) close();
  else if (waiting.push(close) === 1) setImmediate(drain);
}

function isFree(): boolean {
  if (waiting.length) return false;
  const at = now();
  if (Math.abs(at - since) > WINDOW) {
    since = at;
    closed = 0;
  }
  return ++closed <= AT_ONCE;
}

function drain(): void {
  for (const close of waiting.splice(0, AT_ONCE)) contain(close);
  if (waiting.length) setImmediate(drain);
}
