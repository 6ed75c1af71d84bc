// A day in the life of an upstream in a few seconds, and the traffic through it: what reached it, and what its callers got.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Upstream } from '../lab/types.mjs';
import { upstreamOf } from './support';

/** What the upstream is like, in order, and for how long in milliseconds. */
const STAGES = [
  ['healthy', 2_000],
  ['degraded', 3_000],
  ['dead', 5_000],
  ['recovered', 5_000],
] as const;

export type Stage = (typeof STAGES)[number][0];

/** Milliseconds between two calls: 50 a second. */
const PACE = 20;

/** Milliseconds until an answer. A degraded upstream is slow, and one in five of its answers is a 503; a dead one hangs. */
const ANSWERS_AFTER = { healthy: 20, degraded: 150, dead: Infinity, recovered: 20 };

/** What makes the calls, and when it cut the upstream off and let it back in, by the monotonic clock. */
export interface Contender {
  name: string;
  call(url: string): Promise<unknown>;
  readonly opened: number[];
  readonly closed: number[];
  close(): unknown;
}

/** What came of the calls begun in one stage. */
export interface StageReport {
  calls: number;
  answered: number;
  /** Requests that reached the upstream during the stage, retries and late ones included. */
  reached: number;
  /** Milliseconds until the caller had an answer or an error. */
  p50: number;
  p95: number;
}

export interface Report {
  name: string;
  stages: Record<Stage, StageReport>;
  /** Milliseconds from the death of the upstream until it was cut off, and from its recovery until it was let back in. */
  openedAfter: number | undefined;
  closedAfter: number | undefined;
}

export async function live({ name, call, opened, closed }: Contender): Promise<Report> {
  let stage: Stage = 'healthy';
  const reached: Record<Stage, number> = { healthy: 0, degraded: 0, dead: 0, recovered: 0 };
  const upstream = await moody(() => {
    reached[stage]++;
    return stage;
  });
  const began: Partial<Record<Stage, number>> = {};
  const records: { stage: Stage; ok: boolean; ms: number }[] = [];
  const pending: Promise<void>[] = [];
  try {
    let next = performance.now();
    for (const [current, lasts] of STAGES) {
      stage = current;
      began[current] = performance.now();
      for (const end = next + lasts; next < end; next += PACE) {
        await sleep(Math.max(0, next - performance.now()));
        const startedAt = performance.now();
        const record = (ok: boolean): void => void records.push({ stage: current, ok, ms: performance.now() - startedAt });
        const path = `stock/${pending.length}`;
        pending.push(
          call(upstream.url + path).then(
            () => record(true),
            () => record(false),
          ),
        );
      }
    }
    await Promise.all(pending);
  } finally {
    await upstream.close();
  }
  const since = (times: number[], from = 0): number | undefined => times.map((time) => time - from).find((ms) => ms >= 0);
  const reportOf = (of: Stage): StageReport => {
    const mine = records.filter((record) => record.stage === of);
    const times = mine.map(({ ms }) => ms).sort((a, b) => a - b);
    const quantile = (q: number): number => Math.round(times[Math.min(times.length - 1, Math.floor(q * times.length))] ?? 0);
    return {
      calls: mine.length,
      answered: mine.filter(({ ok }) => ok).length,
      reached: reached[of],
      p50: quantile(0.5),
      p95: quantile(0.95),
    };
  };
  return {
    name,
    stages: { healthy: reportOf('healthy'), degraded: reportOf('degraded'), dead: reportOf('dead'), recovered: reportOf('recovered') },
    openedAfter: since(opened, began.dead),
    closedAfter: since(closed, began.recovered),
  };
}

function moody(moodNow: () => Stage): Promise<Upstream> {
  let degraded = 0;
  return upstreamOf(({ req, res }) => {
    req.resume();
    const mood = moodNow();
    const status = mood === 'degraded' && ++degraded % 5 === 0 ? 503 : 200;
    if (ANSWERS_AFTER[mood] < Infinity) setTimeout(() => res.writeHead(status).end('{}'), ANSWERS_AFTER[mood]);
  });
}

/** The reports side by side, in Markdown. */
export function table(reports: Report[]): string {
  const ms = (value: number | undefined): string => (value === undefined ? 'never' : `${Math.round(value)} ms`);
  const row = (cells: (string | number)[]): string => `| ${cells.join(' | ')} |`;
  const lines = [row(['', ...reports.map(({ name }) => name)]), row(['---', ...reports.map(() => '---:')])];
  for (const [stage, lasts] of STAGES) {
    const of = reports.map(({ stages }) => stages[stage]);
    lines.push(row([`**${stage}**, ${lasts / 1_000} s: answered / calls`, ...of.map(({ answered, calls }) => `${answered} / ${calls}`)]));
    lines.push(row(['requests that reached the upstream', ...of.map(({ reached }) => reached)]));
    lines.push(row(['until the caller knew, p50 / p95', ...of.map(({ p50, p95 }) => `${p50} / ${p95} ms`)]));
  }
  lines.push(row(['cut off after its death', ...reports.map(({ openedAfter }) => ms(openedAfter))]));
  lines.push(row(['let back in after its recovery', ...reports.map(({ closedAfter }) => ms(closedAfter))]));
  return lines.join('\n');
}
