// Nothing is left on a signal or token that calls share. leaks-shared.wide.test.ts has more of them, and weighs the memory they keep.
import { describe, it, vi } from 'vitest';
import { shareSignal, shareToken, watchedLab } from './leaks-support';

vi.setConfig({ testTimeout: 180_000 }); // a thousand calls, on a machine that may be busy

const lab = watchedLab(['healthy', 'stall']);

describe('a thousand calls', () => {
  it('that share a signal leave no listener on it', () => shareSignal(lab(), 1_000));

  it('that share a token leave nothing subscribed', () => shareToken(lab(), 1_000));
});
