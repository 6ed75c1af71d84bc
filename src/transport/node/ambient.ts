/** The deadline that the code running now was started under. AsyncLocalStorage carries it across awaits and callbacks. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Deadline } from '../../deadline';

const storage = new AsyncLocalStorage<Deadline>();

export const ambient = {
  current: (): Deadline | undefined => storage.getStore(),
  run: <T>(deadline: Deadline, work: () => T): T => storage.run(deadline, work),
};
