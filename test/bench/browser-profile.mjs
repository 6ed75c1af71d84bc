// Shows where a lane's time goes: self time by function, from Chromium's CPU profiler.

/**
 * @param {import('playwright').Page} page
 * @param {string} title
 * @param {string[]} lanes
 * @param {(lane: string) => Promise<number>} run
 */
export async function profile(page, title, lanes, run) {
  const session = await page.context().newCDPSession(page);
  await session.send('Profiler.enable');
  await session.send('Profiler.setSamplingInterval', { interval: 100 });
  for (const lane of lanes.slice(0, 2)) {
    await run(lane);
    await session.send('Profiler.start');
    const ms = await run(lane);
    const { profile } = await session.send('Profiler.stop');
    /** @type {Map<string, number>} */
    const self = new Map();
    const byId = new Map(profile.nodes.map((node) => [node.id, node]));
    profile.samples?.forEach((id, index) => {
      const frame = byId.get(id)?.callFrame;
      const name = frame ? `${frame.functionName || '(anonymous)'}:${frame.lineNumber + 1}` : '?';
      self.set(name, (self.get(name) ?? 0) + (profile.timeDeltas?.[index] ?? 0) / 1_000);
    });
    const top = [...self].sort(([, a], [, b]) => b - a).slice(0, 45);
    console.log(`\n${title}: ${lane}, ${ms.toFixed(0)} ms`);
    for (const [name, took] of top) console.log(`${took.toFixed(1).padStart(9)} ms  ${name}`);
  }
}
