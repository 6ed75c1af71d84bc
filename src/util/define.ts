import { own } from './own';

/**
 * Returns false, rather than throwing, if the object refuses the property. The descriptor inherits nothing: a `get` or a `value` on a
 * polluted `Object.prototype` would make it invalid.
 */
export const describe = (on: object, name: PropertyKey, as: PropertyDescriptor): boolean => Reflect.defineProperty(on, name, own(as));

/** Gives an object a property as an assignment would, but past setters and frozen prototypes, and hidden unless it is `enumerable`. */
export const define = (on: object, name: PropertyKey, value: unknown, enumerable = false): boolean =>
  describe(on, name, { value, writable: true, enumerable, configurable: true });

/** Says what an error came of, unless it says so itself. */
export function causedBy(error: unknown, cause: unknown): void {
  if (error instanceof Error && error.cause === undefined) define(error, 'cause', cause);
}
