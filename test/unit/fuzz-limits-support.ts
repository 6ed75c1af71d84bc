// Random traffic through a client with limits, over an upstream that hangs until it is told to answer.
import * as fc from 'fast-check';
import { vi } from 'vitest';
import { type Client, createClient, type LimitOptions } from '../../src/index';
import { FakeUpstream, settled, URL } from './breaker-support';

export interface Made {
  id: number;
  at: number;
  outcome: Promise<string>;
  abort(): void;
  /** Once it has one. */
  ended?: string;
}

/** A client over an upstream that hangs, and a note of which call reached it when. */
export class Traffic {
  readonly made: Made[] = [];
  readonly sent: { id: number; at: number }[] = [];
  readonly upstream = new FakeUpstream();
  readonly client: Client;

  constructor(limit: LimitOptions, deadline: number | false = false) {
    this.upstream.does = 'hang';
    this.client = createClient({
      limit,
      deadline,
      timeout: false,
      retry: false,
      breaker: false,
      alerts: false,
      adapter: (config) => {
        this.sent.push({ id: config.params.id, at: performance.now() });
        return this.upstream.adapter(config);
      },
    });
  }

  call(): Made {
    const controller = new AbortController();
    const id = this.made.length;
    const outcome = this.client.request({ url: URL, params: { id }, signal: controller.signal }).then(
      () => 'ok',
      (error) => error.code as string,
    );
    const made: Made = { id, at: performance.now(), outcome, abort: () => controller.abort() };
    outcome.then((code) => {
      made.ended = code;
    });
    this.made.push(made);
    return made;
  }

  ends(code: string): Made[] {
    return this.made.filter(({ ended }) => ended === code);
  }
}

export type Step = { do: 'call' } | { do: 'pass'; ms: number } | { do: 'abort' | 'answer' | 'fail'; which: number };
export const steps = (longest: number): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.oneof<[fc.WeightedArbitrary<Step>, fc.WeightedArbitrary<Step>, fc.WeightedArbitrary<Step>]>(
      { weight: 6, arbitrary: fc.constant({ do: 'call' }) },
      { weight: 3, arbitrary: fc.integer({ min: 0, max: longest }).map((ms) => ({ do: 'pass', ms })) },
      {
        weight: 3,
        arbitrary: fc.record({ do: fc.constantFrom('abort' as const, 'answer' as const, 'fail' as const), which: fc.nat(30) }),
      },
    ),
    { maxLength: 60, size: 'max' },
  );

export async function play(traffic: Traffic, steps: Step[], check: () => void): Promise<void> {
  for (const step of steps) {
    if (step.do === 'call') traffic.call();
    else if (step.do === 'pass') await vi.advanceTimersByTimeAsync(step.ms);
    else if (step.do === 'abort') traffic.made[step.which % traffic.made.length]?.abort();
    else {
      const [held] = traffic.upstream.held.splice(step.which % Math.max(1, traffic.upstream.held.length), 1);
      held?.answer(step.do === 'answer' ? 200 : 'ECONNRESET');
    }
    await settled();
    check();
  }
}
