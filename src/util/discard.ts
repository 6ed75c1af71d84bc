/** Releases a body that nobody will read: an unread stream holds its connection. Anything else holds nothing. */
export function discard(body: unknown): void {
  if (!endNode(body) && typeof ReadableStream === 'function' && body instanceof ReadableStream) body.cancel().catch(() => {});
}

/** Whether somebody has begun to read a stream, and so has to end it. */
function isBeingRead(body: unknown): boolean {
  const { readableDidRead, readableFlowing, locked } = (body ?? {}) as Record<string, unknown>;
  return readableDidRead === true || typeof readableFlowing === 'boolean' || locked === true; // a boolean: a consumer is attached
}

function discardUnread(body: unknown): boolean {
  if (isBeingRead(body)) return false;
  discard(body);
  return true;
}

/** Destroys, with the reason, a Node stream that the caller may have but does not read. A web stream is ended by its attempt. */
export function endUnread(body: unknown, reason: unknown): void {
  if (!isBeingRead(body)) endNode(body, reason);
}

/** Destroys a Node stream; returns whether it was one. */
function endNode(body: unknown, reason?: unknown): boolean {
  const stream = body as { destroy?: unknown; on?: unknown } | null | undefined;
  if (typeof stream?.destroy !== 'function' || typeof stream.on !== 'function') return false;
  stream.on('error', () => {});
  stream.destroy(reason);
  return true;
}

/** The body of the response that an error carries. */
export const bodyOf = (error: unknown): unknown => (error as { response?: { data?: unknown } } | null | undefined)?.response?.data;

/** Releases an unread body, unless the caller can get at it through a few properties of what they are given. Returns whether it did. */
export const discardUnless = (given: unknown, body: unknown): boolean => !leadsTo(given, body, 4) && discardUnread(body);

/** Properties that hold much, but no response body. */
const APART: readonly string[] = ['config', 'request', 'stack'];

function leadsTo(from: unknown, body: unknown, steps: number): boolean {
  if (from === body) return true;
  if (typeof from !== 'object' || from === null || steps === 0) return false;
  try {
    return Object.getOwnPropertyNames(from).some(
      (name) => !APART.includes(name) && leadsTo((from as Record<string, unknown>)[name], body, steps - 1),
    );
  } catch {
    return true; // cannot be inspected: assume that it does
  }
}
