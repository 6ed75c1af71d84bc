/** A timer that never keeps a program alive. Returns what cancels it. */
import { credit, MAX_DELAY, now } from '../clock';

export function quietly(ms: number, run: () => void): () => void {
  const timer: ReturnType<typeof setTimeout> & { unref?: () => void } = setTimeout(run, Math.min(ms, MAX_DELAY));
  timer.unref?.();
  return () => clearTimeout(timer);
}

/** The same for a limit. Where it is rung late it gives back, once, the time for which nothing could have been noticed. */
export function patiently(ms: number, run: () => void): () => void {
  const due = now() + ms;
  let cancel = quietly(ms, () => {
    const extra = credit(now() - due, ms);
    if (extra) cancel = quietly(extra, run);
    else run();
  });
  return () => cancel();
}
