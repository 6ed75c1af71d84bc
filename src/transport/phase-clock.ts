/**
 * The clock of one attempt: which phase it is in, how long each took, and which limit runs out first. One timer serves all limits.
 */
import type { Clock, Expiry } from '../call';
import { Alarm, credit, now } from '../clock';
import type { LimitName, Limits, Phase, Timings } from '../words';

/** Phases in which a connection is being made: together they have the `connect` budget. */
const CONNECTING: ReadonlySet<Phase> = new Set(['lookup', 'tcp', 'proxy', 'tls']);

/** The limit that a phase has to itself. Before a browser sees headers, all that can be held to time is the answer. */
const OWN: Record<Phase, LimitName> = {
  queue: 'queue',
  lookup: 'lookup',
  tcp: 'tcp',
  proxy: 'proxy',
  tls: 'tls',
  send: 'send',
  response: 'response',
  body: 'body',
  waiting: 'response',
};

interface Running {
  due: number;
  readonly budget: number;
  credited: boolean;
}

export class PhaseClock implements Clock {
  phase: Phase = 'waiting';
  unseenProgress: (() => boolean) | undefined;
  #timings: Timings = {};
  readonly #limits: Limits;
  readonly #onExpiry: (expiry: Expiry) => void;
  readonly #running = new Map<LimitName, Running>();
  readonly #alarm = new Alarm((late) => this.#ring(late));
  #enteredAt = now();
  /** While the consumer holds the body back: since when, and what was left of the body's limit. */
  #held: { since: number; body: Running | undefined } | undefined;
  #lag = 0;
  #stopped = false;

  constructor(limits: Limits, onExpiry: (expiry: Expiry) => void) {
    this.#limits = limits;
    this.#onExpiry = onExpiry;
    this.#start('total', limits.total);
    this.#arm();
  }

  /** Milliseconds per phase, the running one included. */
  get timings(): Timings {
    const { phase } = this;
    return this.#stopped ? { ...this.#timings } : { ...this.#timings, [phase]: (this.#timings[phase] ?? 0) + now() - this.#enteredAt };
  }

  enter(phase: Phase, budget = phase === 'waiting' ? undefined : this.#limits[OWN[phase]]): void {
    if (this.#stopped) return;
    this.#leave();
    this.#held = undefined;
    this.phase = phase;
    if (!CONNECTING.has(phase)) this.#running.delete('connect');
    else if (!this.#running.has('connect')) this.#start('connect', this.#limits.connect);
    if (phase === 'response' || phase === 'body') this.#start('read', this.#limits.read);
    else this.#running.delete('read');
    this.#start(OWN[phase], budget);
    this.#arm();
  }

  progress(): void {
    if (this.#running.has('read')) this.#start('read', this.#limits.read);
  }

  pause(): void {
    if (this.#held || this.#stopped) return;
    this.#held = { since: now(), body: this.#running.get('body') };
    this.#running.delete('read');
    this.#running.delete('body');
  }

  resume(): void {
    if (!this.#held || this.#stopped) return;
    const { since, body } = this.#held;
    this.#held = undefined;
    this.#start('read', this.#limits.read);
    if (body) this.#running.set('body', { ...body, due: body.due + now() - since });
    this.#arm();
  }

  stop(measured?: Timings): void {
    if (this.#stopped) return;
    this.#leave();
    if (measured) this.#timings = { ...measured };
    this.#stopped = true;
    this.#running.clear();
    this.#alarm.stop();
    this.unseenProgress = undefined;
  }

  #leave(): void {
    const at = now();
    this.#timings[this.phase] = (this.#timings[this.phase] ?? 0) + at - this.#enteredAt;
    this.#enteredAt = at;
    this.#running.delete(OWN[this.phase]);
  }

  #start(limit: LimitName, budget: number | undefined): void {
    if (budget !== undefined) this.#running.set(limit, { due: now() + budget, budget, credited: false });
  }

  #arm(): void {
    let due = Infinity;
    for (const running of this.#running.values()) due = Math.min(due, running.due);
    this.#alarm.set(due);
  }

  #ring(late: number): void {
    const at = now();
    for (const [limit, running] of this.#running) {
      if (running.due > at) continue;
      if (limit === 'read' && this.unseenProgress?.()) {
        this.progress();
        continue;
      }
      const extra = credit(late, running.budget);
      this.#lag = Math.max(this.#lag, extra);
      if (extra && !running.credited) {
        running.credited = true;
        running.due = at + extra;
        continue;
      }
      this.#onExpiry({ limit, limitMs: running.budget, lag: Math.round(this.#lag) });
      return;
    }
    this.#arm();
  }
}
