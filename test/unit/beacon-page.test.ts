// A page tells of its end. What only looks like a page does not, and keeps no beacon from being accepted.
import { afterEach, expect, it, vi } from 'vitest';
import { Page } from '../../src/beacon/page';
import { createClient } from '../../src/index';
import { containedDefects } from '../setup/defects';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

it.each([
  ['a document that can nothing', {}, undefined],
  ['a document without a window', new EventTarget(), undefined],
  ['a window without a document', undefined, new EventTarget()],
])('%s is no page', (_, document, window) => {
  vi.stubGlobal('document', document);
  vi.stubGlobal('window', window);
  const handOver = vi.fn();
  const page = new Page();
  expect(() => page.watch({ handOver } as never)()).not.toThrow();
  expect(page.ending).toBeUndefined();
});

it('a beacon is refused, and nothing thrown, where something of ours fails', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  const client = createClient();
  vi.stubGlobal('queueMicrotask', undefined);
  vi.stubGlobal('setTimeout', () => {
    throw new Error('no timers');
  });
  expect(client.beacon('http://127.0.0.1:1/collect')).toBe(false);
  vi.unstubAllGlobals();
  expect(warn).toHaveBeenCalledOnce();
  expect(containedDefects()).toHaveLength(1);
  await client.close();
});
