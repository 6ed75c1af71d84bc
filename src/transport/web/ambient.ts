/** Browsers have no AsyncLocalStorage: calls inherit a deadline only if it is passed to them, as `{ deadline: d }`. */
import type { Deadline } from '../../deadline';

export const ambient = {
  current: (): Deadline | undefined => undefined,
  run: <T>(_deadline: Deadline, work: () => Promise<T>): Promise<T> => work(),
  outside: (work: () => void): void => work(),
};
