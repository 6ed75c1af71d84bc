// Nothing is left on a signal or token that calls share, nor in memory. leaks-shared.wide.test.ts has more of them.
import { describe, it, vi } from 'vitest';
import { retainNothing, shareSignal, shareToken, watchedLab } from './leaks-support';

vi.setConfig({ testTimeout: 180_000 }); // thousands of calls, on a machine that may be busy

const lab = watchedLab(['healthy', 'stall']);

describe('thousands of calls', () => {
  it('that share a signal leave no listener on it', () => shareSignal(lab(), 1_000));

  it('that share a token leave nothing subscribed', () => shareToken(lab(), 1_000));

  it.each([
    ['http', 3_000],
    ['fetch', 2_000],
  ])('that share a signal and a token retain no memory (%s, %i calls)', (adapter, count) => retainNothing(lab(), adapter, count));
});
