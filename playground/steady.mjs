// Repeats an action at an even rate until stopped. The browser and the Node backend share this file.

/**
 * @param {() => number} rate Times a second; asked before each repetition.
 * @param {() => void} act
 * @returns {() => void} Stops it.
 */
export function steadily(rate, act) {
  let due = performance.now();
  /** @type {ReturnType<typeof setTimeout>} */
  let timer;
  const next = () => {
    const now = performance.now();
    act();
    // What a busy machine or a hidden tab missed is not made up for.
    due = Math.max(due + 1_000 / rate(), now);
    timer = setTimeout(next, due - now);
  };
  timer = setTimeout(next, 0);
  return () => clearTimeout(timer);
}
