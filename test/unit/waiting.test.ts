// What a browser takes for sent at once: the rest is an upload, whose time only `send` can say.
import { describe, expect, it } from 'vitest';
import { isSentAtOnce, waitingBound } from '../../src/transport/web/waiting';

const AT_ONCE = 64 * 1024;

function form(...entries: [string, string | Blob][]): FormData {
  const form = new FormData();
  for (const [name, value] of entries) form.append(name, value);
  return form;
}

/** So many dots. */
const dots = (length: number): string => '.'.repeat(length);

describe('at the size that is sent at once, and a byte beyond it', () => {
  const MAKE: [string, (size: number) => unknown][] = [
    ['a string', dots],
    ['an ArrayBuffer', (size) => new ArrayBuffer(size)],
    ['a view', (size) => new Uint8Array(size)],
    ['a Blob', (size) => new Blob([dots(size)])],
    ['URLSearchParams', (size) => new URLSearchParams({ a: dots(size - 2) })],
    ['a form with a string', (size) => form(['name', dots(size - 4)])],
    ['a form with a Blob', (size) => form(['name', new Blob([dots(size - 4)])])],
    ['a form with a long name', (size) => form([dots(size), ''])],
    ['a form of much', (size) => form(['a', 'b'], ['a', dots(30_000)], ['c', new Blob([dots(size - 30_004)])])],
  ];
  it.each(MAKE)('%s', (_what, make) => {
    expect(isSentAtOnce(make(AT_ONCE))).toBe(true);
    expect(isSentAtOnce(make(AT_ONCE + 1))).toBe(false);
  });
});

it('nothing is sent at once, and what cannot be counted is not', () => {
  for (const nothing of [undefined, null, '', form(), new URLSearchParams()]) expect(isSentAtOnce(nothing)).toBe(true);
  const parts = Object.defineProperty(form(), 'entries', { value: undefined }); // React Native's
  for (const uncounted of [new ReadableStream(), { a: 1 }, parts]) expect(isSentAtOnce(uncounted)).toBe(false);
});

it('a small form is bounded by connect and read together, a large one by these and send', () => {
  const limits = { connect: 100, read: 200 };
  const small = { data: form(['a', '1']) };
  const large = { data: form(['a', dots(AT_ONCE)]) };
  expect(waitingBound(limits, small as never)).toBe(300);
  expect(waitingBound(limits, large as never)).toBe(undefined);
  expect(waitingBound({ ...limits, send: 400 }, large as never)).toBe(700);
});
