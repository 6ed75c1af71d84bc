// BREAKWATER=off: the kill switch of a whole process, read at every call. And disable(), which is one client's.
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createClient } from '../../src';
import { startLab } from '../lab/index.mjs';

let lab: Awaited<ReturnType<typeof startLab>>;
beforeAll(async () => {
  lab = await startLab({ only: ['stall', 'healthy'] });
});
afterAll(() => lab.close());

const client = createClient({ timeout: { read: 60 }, retry: false, breaker: false });

/** Whether a call that hangs is ended by its own limit, and not by the abort that comes after. */
async function isLimited(): Promise<boolean> {
  const error = await client.get(lab.url('stall'), { signal: AbortSignal.timeout(600) }).catch((reason) => reason);
  return error.code === 'ETIMEDOUT' && error.limit === 'read';
}

it.each([
  ['BREAKWATER=off', () => vi.stubEnv('BREAKWATER', 'off'), () => vi.unstubAllEnvs()],
  ['disable()', () => client.disable(), () => client.enable()],
])('%s makes every policy a pass-through, at run time, and back', async (_, off, on) => {
  expect(await isLimited()).toBe(true);
  off();
  try {
    expect(await isLimited()).toBe(false);
    expect((await client.get(lab.url('healthy'))).status).toBe(200);
  } finally {
    on();
  }
  expect(await isLimited()).toBe(true);
});
