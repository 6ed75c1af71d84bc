/**
 * The latest attempts of an endpoint: those of the last 5.5 to 11 minutes, or more where those are fewer than 200. Two halves, of which
 * the older is dropped when the newer is full; so an endpoint of little traffic keeps figures that mean something.
 */
import { now } from '../clock';
import type { Timings } from '../words';
import { Histogram } from './histogram';
import type { AttemptRecord } from './record';
import type { Share } from './series';
import { type SuggestedLimits, suggest } from './suggest';

/** Milliseconds, and attempts, that make a half full. */
const HALF = 330_000;
const ENOUGH = 200;

class Half {
  startedAt = now();
  attempts = 0;
  timeouts = 0;
  readonly elapsed = new Histogram();
  /** New connections. */
  readonly connect = new Histogram();
  /** From the request being written to the last byte, where it came. */
  readonly answer = new Histogram();

  get isFull(): boolean {
    return this.attempts >= ENOUGH && now() - this.startedAt >= HALF;
  }

  clear(): void {
    this.startedAt = now();
    this.attempts = this.timeouts = 0;
    for (const histogram of [this.elapsed, this.connect, this.answer]) histogram.clear();
  }
}

export class Latest {
  #newer = new Half();
  #older: Half | undefined;

  add({ elapsed, timedOut, timings, status, reusedSocket }: AttemptRecord): void {
    if (this.#newer.isFull) {
      const spare = this.#older;
      spare?.clear();
      this.#older = this.#newer;
      this.#newer = spare ?? new Half();
    }
    const half = this.#newer;
    half.attempts++;
    half.elapsed.add(elapsed);
    if (timedOut) half.timeouts++;
    if (status === undefined || timedOut) return;
    const connect = reusedSocket ? undefined : sum(timings, 'lookup', 'tcp', 'proxy', 'tls');
    if (connect !== undefined) half.connect.add(connect);
    // The whole body stands for the longest silence in it: never too little, and of a small answer nearly the same.
    const answer = sum(timings, 'response', 'waiting', 'body');
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
    return this.#older ? [this.#older, this.#newer] : [this.#newer];
  }
}

const total = (halves: Half[], name: 'attempts' | 'timeouts'): number => halves.reduce((sum, half) => sum + half[name], 0);

/** Milliseconds in these phases together; `undefined` where none was seen. */
function sum(timings: Timings, ...phases: (keyof Timings)[]): number | undefined {
  let sum: number | undefined;
  for (const phase of phases) {
    const spent = timings[phase];
    if (spent !== undefined) sum = (sum ?? 0) + spent;
  }
  return sum;
}
