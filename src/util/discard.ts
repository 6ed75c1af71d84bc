/** Lets go of a body that nobody will read: a stream holds its connection until somebody does. Anything else holds nothing. */
export function discard(body: unknown): void {
  const stream = body as { destroy?: unknown; on?: unknown } | null | undefined;
  if (typeof stream?.destroy === 'function' && typeof stream.on === 'function') {
    stream.on('error', () => {});
    stream.destroy();
  } else if (typeof ReadableStream === 'function' && body instanceof ReadableStream) {
    body.cancel().catch(() => {});
  }
}

/** Whether somebody has begun to read a stream: then it is his to end. */
export const isBeingRead = (body: unknown): boolean => {
  const { readableDidRead, locked } = (body ?? {}) as { readableDidRead?: unknown; locked?: unknown };
  return readableDidRead === true || locked === true;
};
