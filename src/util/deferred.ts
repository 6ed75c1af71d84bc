/** A promise settled from outside. What throws before that reaches the caller, where an executor would turn it into a rejection. */
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
