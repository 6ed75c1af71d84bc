/** A copy with what an object has itself, and nothing else: what somebody put on `Object.prototype` is not seen through it. */
export const own = <T extends object>(from: T): T => ({ __proto__: null, ...from });
