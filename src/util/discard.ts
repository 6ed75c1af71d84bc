/** Lets go of a body that nobody will read: a stream holds its connection until somebody does. Anything else holds nothing. */
export function discard(body: unknown): void {
  if (!endNode(body) && typeof ReadableStream === 'function' && body instanceof ReadableStream) body.cancel().catch(() => {});
}

/** Whether somebody has begun to read a stream: then it is his to end. */
function isBeingRead(body: unknown): boolean {
  const { readableDidRead, readableFlowing, locked } = (body ?? {}) as Record<string, unknown>;
  return readableDidRead === true || typeof readableFlowing === 'boolean' || locked === true; // or waits for what is to come
}

function discardUnread(body: unknown): void {
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

/** Unless what the caller is given leads to the body, a few steps away. */
export function discardUnless(given: unknown, body: unknown): void {
  if (!leadsTo(given, body, 4)) discardUnread(body);
}

/** In which there is much, and no body of an answer. */
const APART: readonly string[] = ['config', 'request', 'stack'];

function leadsTo(from: unknown, body: unknown, steps: number): boolean {
  if (from === body) return true;
  if (typeof from !== 'object' || from === null || steps === 0) return false;
  try {
    return Object.getOwnPropertyNames(from).some(
      (name) => !APART.includes(name) && leadsTo((from as Record<string, unknown>)[name], body, steps - 1),
    );
  } catch {
    return true; // who knows
  }
}
