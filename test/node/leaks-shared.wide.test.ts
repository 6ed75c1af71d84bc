// Nothing is left on a signal or token that ten thousand calls share, nor in memory.
import { describe, it, vi } from 'vitest';
import { retainNothing, shareSignal, shareToken, watchedLab } from './leaks-support';

vi.setConfig({ testTimeout: 180_000 }); // thousands of calls, on a machine that may be busy

const lab = watchedLab(['healthy', 'stall']);

describe('thousands of calls', () => {
  it('that share a signal leave no listener on it', () => shareSignal(lab(), 9_000));

  it('that share a token leave nothing subscribed', () => shareToken(lab(), 9_000));

  it.each(['http', 'fetch'])('that share a signal and a token retain no memory (%s)', (adapter) => retainNothing(lab(), adapter, 8_000));
});
