/** Lets go of a body that nobody will read: a stream holds its connection until somebody does. Anything else holds nothing. */
export function discard(body: unknown): void {
  if (!endNode(body) && typeof ReadableStream === 'function' && body instanceof ReadableStream) body.cancel().catch(() => {});
}

/** Whether somebody has begun to read a stream: then it is his to end. */
function isBeingRead(body: unknown): boolean {
  const { readableDidRead, locked } = (body ?? {}) as { readableDidRead?: unknown; locked?: unknown };
  return readableDidRead === true || locked === true;
}

export function discardUnread(body: unknown): void {
  if (!isBeingRead(body)) discard(body);
}

/** For the caller who may have it by now: he is told why. One of the web is not there before it is read, and ended by its attempt. */
export function endUnread(body: unknown, reason: unknown): void {
  if (!isBeingRead(body)) endNode(body, reason);
}

/** Whether it is a stream of Node's. */
function endNode(body: unknown, reason?: unknown): boolean {
  const stream = body as { destroy?: unknown; on?: unknown } | null | undefined;
  if (typeof stream?.destroy !== 'function' || typeof stream.on !== 'function') return false;
  stream.on('error', () => {});
  stream.destroy(reason);
  return true;
}

/** Of the answer that an error has. */
export const bodyOf = (error: unknown): unknown => (error as { response?: { data?: unknown } } | null | undefined)?.response?.data;

/** Unless the caller can get at a body by the error that it ends with, or by what caused that. */
export function discardUnless(error: unknown, body: unknown): void {
  for (let cause = error, depth = 0; cause && depth < 5; cause = (cause as Error).cause, depth++) if (bodyOf(cause) === body) return;
  discardUnread(body);
}
