/** The adapters by which a client that protects another one has its part run: the limits of an attempt are the outer client's to enforce. */
const adapters = /* @__PURE__ */ new WeakSet<object>();

export const markOuter = (adapter: object): unknown => adapters.add(adapter);

export const isOuter = (adapter: unknown): boolean => typeof adapter === 'function' && adapters.has(adapter);
