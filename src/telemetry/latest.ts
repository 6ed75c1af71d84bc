/**
 * The latest attempts of an endpoint: those of the last 5.5 to 11 minutes, or of longer where 200 took longer than 5.5. Kept in two halves:
 * the older is dropped when the newer is full, or, after a long pause between them, when it has enough attempts. So an endpoint with little
 * traffic keeps figures that mean something.
 */
import { now } from '../clock';
import { Histogram } from './histogram';
import type { AttemptRecord } from './record';
import type { Share } from './series';
import { type SuggestedLimits, suggest } from './suggest';

/** How many milliseconds, and how many attempts, make a half full. */
const HALF = 330_000;
const ENOUGH = 200;

class Half {
  startedAt = now();
  lastAt = 0;
  attempts = 0;
  timeouts = 0;
  readonly elapsed = new Histogram();
  /** The making of new connections. */
  readonly connect = new Histogram();
  /** From the request being written to the last byte, if it arrived. */
  readonly answer = new Histogram();

  isFull(at: number): boolean {
    return this.attempts >= ENOUGH && at - this.startedAt >= HALF;
  }

  clear(at: number): void {
    this.startedAt = at;
    this.attempts = this.timeouts = 0;
    for (const histogram of [this.elapsed, this.connect, this.answer]) histogram.clear();
  }
}

export class Latest {
  #newer = new Half();
  #older: Half | undefined;

  /** @param at The current monotonic time. */
  add({ elapsed, timedOut, timings, status, reusedSocket }: Omit<AttemptRecord, 'attempt'>, at: number): void {
    if (this.#newer.isFull(at)) {
      const spare = this.#older;
      spare?.clear(at);
      this.#older = this.#newer;
      this.#newer = spare ?? new Half();
    }
    const half = this.#newer;
    half.lastAt = at;
    half.attempts++;
    half.elapsed.add(elapsed);
    if (timedOut) half.timeouts++;
    if (status === undefined || timedOut) return;
    const { lookup, tcp, proxy, tls, response, waiting, body } = timings;
    const connect = reusedSocket ? undefined : plus(plus(lookup, tcp), plus(proxy, tls));
    if (connect !== undefined) half.connect.add(connect);
    // The whole body stands in for the longest silence in it: never too short, and for a small response nearly the same.
    const answer = plus(plus(response, waiting), body);
    if (answer !== undefined) half.answer.add(answer);
  }

  share(): Share {
    const halves = this.#halves();
    return { attempts: total(halves, 'attempts'), timeouts: total(halves, 'timeouts') };
  }

  quantile(share: number): number {
    return Histogram.quantile(share, ...this.#halves().map((half) => half.elapsed));
  }

  suggested(): SuggestedLimits | undefined {
    const halves = this.#halves();
    return suggest(
      this.share(),
      halves.map((half) => half.connect),
      halves.map((half) => half.answer),
    );
  }

  #halves(): Half[] {
    const newer = this.#newer;
    const older = this.#older;
    const isPast = newer.attempts >= ENOUGH && older && now() - older.lastAt > 2 * HALF;
    return older && !isPast ? [older, newer] : [newer];
  }
}

const total = (halves: Half[], name: 'attempts' | 'timeouts'): number => halves.reduce((sum, half) => sum + half[name], 0);

/** Milliseconds in two phases together; `undefined` if neither was seen. */
const plus = (a: number | undefined, b: number | undefined): number | undefined => (a === undefined ? b : b === undefined ? a : a + b);
