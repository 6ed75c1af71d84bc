import { own } from './own';

/**
 * Returns false, rather than throwing, if the object refuses the property. The descriptor inherits nothing: a `get` or a `value` on a
 * polluted `Object.prototype` would make it invalid.
 */
export const define = (on: object, name: PropertyKey, as: PropertyDescriptor): boolean => Reflect.defineProperty(on, name, own(as));
