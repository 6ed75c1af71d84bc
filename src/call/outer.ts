/** The adapters by which a client that protects another one has its part run: the limits of an attempt are the outer client's to enforce. */
const adapters = /* @__PURE__ */ new WeakMap<object, { readonly of: object; readonly inPlaceOf: unknown }>();

/** @param of Tells apart the clients. @param inPlaceOf The adapter of the request or the instance. */
export const markOuter = (adapter: object, of: object, inPlaceOf: unknown): unknown => adapters.set(adapter, { of, inPlaceOf });

export const isOuter = (adapter: unknown): boolean => typeof adapter === 'function' && adapters.has(adapter);

/** What an adapter was put in place of by the same client: a handler that repeats `error.config` has that of a call that is over. */
export function withoutOuter<A>(adapter: A, of: object): A {
  const marked = typeof adapter === 'function' ? adapters.get(adapter) : undefined;
  return marked?.of === of ? (marked.inPlaceOf as A) : adapter;
}
