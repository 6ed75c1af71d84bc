/** A timer that never keeps a program alive. Returns what cancels it. */
import { MAX_DELAY } from '../clock';

export function quietly(ms: number, run: () => void): () => void {
  const timer: ReturnType<typeof setTimeout> & { unref?: () => void } = setTimeout(run, Math.min(ms, MAX_DELAY));
  timer.unref?.();
  return () => clearTimeout(timer);
}
