/** With nothing above it: a `get` or a `value` on a polluted Object.prototype would make it no descriptor at all. */
export const descriptor = <This>(of: PropertyDescriptor & ThisType<This>): PropertyDescriptor => Object.assign(Object.create(null), of);

/** Says false, and throws nothing, where an object takes no more. */
export const define = (on: object, name: PropertyKey, as: PropertyDescriptor): boolean => Reflect.defineProperty(on, name, descriptor(as));
