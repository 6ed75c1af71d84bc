/**
 * When connections are closed. It is the dearest part of a call's end, a system call and what the kernel does for it: where very many calls end
 * at once, their callers are told first, and the connections are closed over the next turns of the event loop.
 */
import { now } from '../../clock';
import { contain } from '../../util/complain';

/** So many are closed on the spot within so many milliseconds; and then so many in a turn. */
const AT_ONCE = 8;
const WINDOW = 2;

/** Milliseconds after which a turn that was asked for is not waited for any more: a fake clock may have gone, and taken it along. */
const PATIENCE = 1_000;

let since = -Infinity;
let closed = 0;
let asked = -Infinity;
const waiting: (() => void)[] = [];

/** Soon: on the spot, as a rule. */
export function closeSoon(close: () => void): void {
  const at = now();
  if (isFree(at)) return close();
  waiting.push(close);
  if (waiting.length === 1 || Math.abs(at - asked) > PATIENCE) ask(at);
}

function isFree(at: number): boolean {
  if (waiting.length) return false;
  if (Math.abs(at - since) > WINDOW) {
    since = at;
    closed = 0;
  }
  return ++closed <= AT_ONCE;
}

function ask(at: number): void {
  asked = at;
  setImmediate(drain);
}

function drain(): void {
  for (const close of waiting.splice(0, AT_ONCE)) contain(close);
  if (waiting.length) ask(now());
}
