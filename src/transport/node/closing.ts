/**
 * Paces the closing of connections, the most expensive part of ending a call (a system call and the kernel's work for it): when very many
 * calls end at once, their callers are told first, and the connections are closed over the next turns of the event loop.
 */
import { afterPendingInput, now } from '../../clock';
import { contain } from '../../util/complain';

/** Up to AT_ONCE connections within WINDOW milliseconds are closed on the spot; beyond that, AT_ONCE per turn. */
const AT_ONCE = 8;
const WINDOW = 2;

/** Milliseconds after which a scheduled drain counts as lost: fake timers may have been uninstalled while it was pending. */
const PATIENCE = 1_000;

let since = -Infinity;
let closed = 0;
let asked = -Infinity;
const waiting: (() => void)[] = [];

/** Closes on the spot, or in one of the next turns if many close at once. */
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
  afterPendingInput(drain);
}

function drain(): void {
  for (const close of waiting.splice(0, AT_ONCE)) contain(close);
  if (waiting.length) ask(now());
}
