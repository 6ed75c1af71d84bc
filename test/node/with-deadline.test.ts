// withDeadline: a scope that ends on time whatever the work does, and nests.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Client, createClient, Deadline, isTimeout, withDeadline } from '../bare';
import { startLab } from '../lab/index.mjs';
import { block, failureOf, timeoutOf, watchUnhandled } from './failures';

const MS = 200;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const never = (): Promise<never> => new Promise(() => {});

let lab: Awaited<ReturnType<typeof startLab>>;
let client: Client;
const unhandled = watchUnhandled();

beforeAll(async () => {
  lab = await startLab({ only: ['healthy', 'stall'] });
});
afterAll(async () => {
  await lab.close();
  await unhandled.none();
});
beforeEach(() => {
  lab.upstream('healthy').reset();
  lab.upstream('stall').reset();
  client = createClient({ timeout: false, proxy: false });
});
afterEach(() => client.close());

describe('withDeadline', () => {
  it('gives what the work gives', async () => {
    expect(await withDeadline(1_000, async (d) => [d instanceof Deadline, d.ms])).toEqual([true, 1_000]);
    const error = new Error('mine');
    await expect(withDeadline(1_000, () => Promise.reject(error))).rejects.toBe(error);
  });

  it('rejects with what the work throws before it makes a promise', async () => {
    const thrown = withDeadline(1_000, () => {
      throw new Error('at once');
    });
    await expect(thrown).rejects.toThrow('at once');
  });

  it('rejects on time, whatever the work does', async () => {
    const error = await timeoutOf(() => withDeadline(MS, never), 'deadline', MS);
    expect(error).toMatchObject({ phase: 'waiting', kind: 'unknown', attempts: 0, name: 'TimeoutError', isAxiosError: true });
  });

  it('leaves no rejection unhandled where the work fails after its time', async () => {
    const late = async (): Promise<void> => {
      await sleep(MS + 1_000);
      throw new Error('late');
    };
    await timeoutOf(() => withDeadline(MS, late), 'deadline', MS);
    await sleep(1_200);
  });

  it('leaves no timer behind', async () => {
    const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    await withDeadline(60_000, async () => {});
    await withDeadline(60_000, () => Promise.reject(new Error('x'))).catch(() => {});
    expect(process.getActiveResourcesInfo().filter((name) => name === 'Timeout')).toHaveLength(before);
  });

  it.each([0, -5])('does not begin with %d ms', async (ms) => {
    let began = false;
    const { error } = await failureOf(() =>
      withDeadline(ms, async () => {
        began = true;
      }),
    );
    expect(isTimeout(error) && error.limit).toBe('deadline');
    expect(String(error)).toContain('before the work was begun');
    expect(began).toBe(false);
  });

  it.each([Number.NaN, '3s', undefined, null])('refuses %s', async (ms) => {
    const { error } = await failureOf(() => withDeadline(ms as number, async () => {}));
    expect(error).toMatchObject({ code: 'ERR_BAD_OPTION_VALUE' });
    expect(String(error)).toContain('withDeadline');
  });

  it.each([2 ** 31, 2 ** 40, Infinity])('of %d ms never fires early', async (ms) => {
    expect(await withDeadline(ms, () => sleep(50).then(() => 'done'))).toBe('done');
  });

  it('lets work that is done in time win, though the loop was blocked over the end', async () => {
    const work = async (): Promise<string> => {
      setTimeout(() => block(2 * MS), 10);
      return (await client.get(lab.url('healthy', '/delay/0'))).data.path;
    };
    expect(await withDeadline(MS, work)).toBe('/delay/0');
  });
});

describe('its signal', () => {
  it('aborts at the deadline, with the error', async () => {
    let signal: AbortSignal | undefined;
    const error = await timeoutOf(
      () =>
        withDeadline(MS, (d) => {
          signal = d.signal;
          return never();
        }),
      'deadline',
      MS,
    );
    expect(signal?.aborted).toBe(true);
    expect(signal?.reason).toBe(error);
  });

  it('ends other work: a plain fetch', async () => {
    await timeoutOf(() => withDeadline(MS, (d) => fetch(lab.url('stall'), { signal: d.signal })), 'deadline', MS);
    await lab.upstream('stall').closed(1);
  });

  it('does not abort where the work is done in time', async () => {
    const signal = await withDeadline(100, async (d) => d.signal);
    await sleep(150);
    expect(signal.aborted).toBe(false);
  });
});

describe('nested', () => {
  it.each([
    [60_000, 100],
    [100, 60_000],
  ])('%d ms round %d ms: the smaller wins', async (outer, inner) => {
    let remaining = Infinity;
    const { error, took } = await failureOf(() =>
      withDeadline(outer, () =>
        withDeadline(inner, (d) => {
          remaining = d.remaining;
          return never();
        }),
      ),
    );
    expect(isTimeout(error) && error.limit).toBe('deadline');
    expect(remaining).toBeLessThanOrEqual(100);
    expect(took).toBeGreaterThanOrEqual(100);
    expect(took).toBeLessThan(30_000);
  });

  it('inside one that is over, the work does not begin', async () => {
    let began = false;
    await failureOf(() =>
      withDeadline(30, async () => {
        await sleep(60);
        await withDeadline(1_000, async () => {
          began = true;
        });
      }),
    );
    await sleep(80);
    expect(began).toBe(false);
  });
});
