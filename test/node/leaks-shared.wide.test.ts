// Nothing is left on a signal or token that ten thousand calls share, nor in memory.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startLab } from '../lab/index.mjs';
import type { Lab } from '../lab/types.mjs';
import { retainNothing, shareSignal, shareToken } from './leaks-support';
import { watchUnhandled } from './support2';

vi.setConfig({ testTimeout: 180_000 }); // thousands of calls, on a machine that may be busy

let lab: Lab;
const unhandled = watchUnhandled();
const warnings: Error[] = [];
const onWarning = (warning: Error): void => void warnings.push(warning);

beforeAll(async () => {
  process.on('warning', onWarning);
  lab = await startLab({ only: ['healthy', 'stall'] });
});
afterAll(async () => {
  await lab.close();
  await unhandled.none();
  process.off('warning', onWarning);
  expect(warnings.filter(({ name }) => name === 'MaxListenersExceededWarning')).toEqual([]);
});

describe('thousands of calls', () => {
  it('that share a signal leave no listener on it', () => shareSignal(lab, 9_000));

  it('that share a token leave nothing subscribed', () => shareToken(lab, 9_000));

  it('that share a signal and a token retain no memory with the fetch adapter', () => retainNothing(lab, 'fetch', 8_000));
});
