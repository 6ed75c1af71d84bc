/** The deadline that the code running now was started under. AsyncLocalStorage carries it across awaits and callbacks. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Deadline } from '../../deadline';
import { define } from '../../util/define';

interface Scope {
  readonly deadline: Deadline;
  readonly within: Scope | undefined;
  /** Whether its work was done in time: what that left running, a timer or a cache, has no more to do with it. */
  isDone: boolean;
}

type Storage = AsyncLocalStorage<Scope | undefined>;

/** Where copies of this package meet, as the ESM and the CommonJS one of a program: a call of either is part of the work. */
const SHARED = Symbol.for('breakwater.deadline');

const storage: Storage = (globalThis as { [SHARED]?: Storage })[SHARED] ?? new AsyncLocalStorage();
define(globalThis, SHARED, { value: storage });

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
  /** Under no deadline. Where there is none anyway nothing is entered: from the first time on Node would watch every promise there is. */
  outside: (work: () => void): void => (storage.getStore() ? storage.run(undefined, work) : work()),
};
