/** A timer that never keeps the program alive. Returns a function that cancels it. */
import { credit, MAX_DELAY, now } from '../clock';

export function quietly(ms: number, run: () => void): () => void {
  const timer: ReturnType<typeof setTimeout> & { unref?: () => void } = setTimeout(run, Math.min(ms, MAX_DELAY));
  timer.unref?.();
  return () => clearTimeout(timer);
}

/** The same for a limit: if it fires late, it grants once the time during which nothing could be noticed. */
export function patiently(ms: number, run: () => void): () => void {
  const due = now() + ms;
  let cancel = quietly(ms, () => {
    const extra = credit(now() - due, ms);
    if (extra) cancel = quietly(extra, run);
    else run();
  });
  return () => cancel();
}
