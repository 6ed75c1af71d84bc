/** Something to be done once, a while later, without keeping the program alive. */
import { now } from '../clock';
import { quietly } from './quietly';

/** A timer so many milliseconds overdue was lost: Cloudflare Workers drops timers with the request that set them. */
const OVERDUE = 1_000;

export class Later {
  readonly #run: () => void;
  #due = Infinity;
  #cancel: (() => void) | undefined;

  constructor(run: () => void) {
    this.#run = run;
  }

  /** When it will be done; `Infinity` if nothing is set, or the timer was lost. */
  get due(): number {
    return this.isLost ? Infinity : this.#due;
  }

  /** Whether it should have been done long ago. */
  get isLost(): boolean {
    return this.#due <= now() - OVERDUE;
  }

  /** In so many milliseconds, whatever was set before. */
  set(ms: number): void {
    this.cancel();
    this.#cancel = quietly(ms, () => {
      this.#due = Infinity;
      this.#run();
    });
    this.#due = now() + ms;
  }

  cancel(): void {
    this.#due = Infinity;
    this.#cancel?.();
  }
}
