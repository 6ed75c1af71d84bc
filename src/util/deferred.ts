/** A promise that is settled from outside: what is done meanwhile throws to whoever asked for it, and not into the promise. */
export interface Deferred {
  readonly promise: Promise<void>;
  resolve(): void;
  reject(reason: unknown): void;
}

export function deferred(): Deferred {
  const made = {} as { -readonly [K in keyof Deferred]: Deferred[K] };
  made.promise = new Promise<void>((resolve, reject) => {
    made.resolve = resolve;
    made.reject = reject;
  });
  return made;
}
