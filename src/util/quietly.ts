/** A timer that never keeps a program alive. Returns what cancels it. */
export function quietly(ms: number, run: () => void): () => void {
  const timer: ReturnType<typeof setTimeout> & { unref?: () => void } = setTimeout(run, ms);
  timer.unref?.();
  return () => clearTimeout(timer);
}
