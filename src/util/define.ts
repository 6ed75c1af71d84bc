import { own } from './own';

/**
 * Says false, and throws nothing, where an object takes no more. With a descriptor that has nothing above it: a `get` or a `value` on a polluted
 * Object.prototype would make it none at all.
 */
export const define = (on: object, name: PropertyKey, as: PropertyDescriptor): boolean => Reflect.defineProperty(on, name, own(as));
