/** The deadline under which the current code runs. AsyncLocalStorage carries it across awaits and callbacks. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Deadline } from '../../deadline';
import { define } from '../../util/define';

interface Scope {
  readonly deadline: Deadline;
  readonly within: Scope | undefined;
  /** Set once the work settled in time: whatever it left running (a timer, a cache refresh) is no longer bound by the deadline. */
  isDone: boolean;
}

type Storage = AsyncLocalStorage<Scope | undefined>;

/** Shared by all copies of this package in a process, such as the ESM and CommonJS builds: calls made through any of them inherit. */
const SHARED = Symbol.for('breakwater.deadline');

const storage: Storage = (globalThis as { [SHARED]?: Storage })[SHARED] ?? new AsyncLocalStorage();
define(globalThis, SHARED, storage);

function scope(): Scope | undefined {
  let scope = storage.getStore();
  while (scope?.isDone) scope = scope.within;
  return scope;
}

export const ambient = {
  current: (): Deadline | undefined => scope()?.deadline,
  run<T>(deadline: Deadline, work: () => Promise<T>): Promise<T> {
    const one: Scope = { deadline, within: scope(), isDone: false };
    const done = storage.run(one, work);
    const end = (): void => {
      one.isDone = !deadline.expired;
    };
    done.then(end, end);
    return done;
  },
  /** Runs under no deadline. Enters no scope if there is none anyway: from the first one on, Node tracks every promise. */
  outside: (work: () => void): void => (storage.getStore() ? storage.run(undefined, work) : work()),
};
