/**
 * Replaces methods of one object. V8 allocates a function that is written straight into a property (`object.method = function…`) as if it
 * lived for ever: until the next full garbage collection it keeps all that it closes over, here the whole call.
 */
export const override = <T extends object>(object: T, methods: Partial<T> & ThisType<T>): T => Object.assign(object, methods);
