/** The deadline that the code running now was started under. AsyncLocalStorage carries it across awaits and callbacks. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Deadline } from '../../deadline';

interface Scope {
  readonly deadline: Deadline;
  readonly within: Scope | undefined;
  /** Whether its work was done in time: what that left running, a timer or a cache, has no more to do with it. */
  isDone: boolean;
}

const storage = new AsyncLocalStorage<Scope | undefined>();

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
