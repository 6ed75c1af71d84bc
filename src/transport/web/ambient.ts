/** Browsers have no AsyncLocalStorage: what must inherit a deadline is given it, as `{ deadline: d }`. */
import type { Deadline } from '../../deadline';

export const ambient = {
  current: (): Deadline | undefined => undefined,
  run: <T>(_deadline: Deadline, work: () => Promise<T>): Promise<T> => work(),
  outside: (work: () => void): void => work(),
};
