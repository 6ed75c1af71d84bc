/** Releases a body that nobody will read: an unread stream holds its connection. Returns whether it is one; anything else holds nothing. */
export function discard(body: unknown): boolean {
  if (endNode(body)) return true;
  if (typeof ReadableStream !== 'function' || !(body instanceof ReadableStream)) return false;
  body.cancel().catch(() => {});
  return true;
}

/** Whether somebody has begun to read a stream, and so has to end it. */
export function isBeingRead(body: unknown): boolean {
  const { readableDidRead, readableFlowing, locked } = (body ?? {}) as Record<string, unknown>;
  return readableDidRead === true || typeof readableFlowing === 'boolean' || locked === true; // a boolean: a consumer is attached
}

const discardUnread = (body: unknown): boolean => !isBeingRead(body) && discard(body);

/** Releases a stream that nobody has begun to read, and what else holds its connection. */
export function releaseUnread(body: unknown, request: unknown): void {
  if (discardUnread(body)) endNode(request);
}

/** Destroys, with the reason, a Node stream that the caller may have but does not read. A web stream is ended by its attempt. */
export function endUnread(body: unknown, reason: unknown): void {
  if (!isBeingRead(body)) endNode(body, reason);
}

/** What of a Node stream matters here. */
interface Stream {
  readableEnded?: boolean;
  destroyed?: boolean;
  destroy(reason?: unknown): void;
  on(event: string, listener: () => void): void;
  once(event: string, listener: () => void): void;
  /** Of a form of the package form-data: what is being sent, and what comes after. */
  _currentStream?: Part;
  _streams?: Part[];
}

type Part = { source?: unknown } | null | undefined;

/** Whether it is a Node stream that has neither been read to its end nor destroyed. */
export const isOpen = (body: unknown): body is Stream => isNode(body) && !body.readableEnded && !body.destroyed;

/** Runs `run` once a Node stream has been read to its end or is destroyed; at once if there is none. */
export function whenRead(body: unknown, run: () => void): void {
  if (!isOpen(body)) return run();
  body.once('end', run);
  body.once('close', run);
}

/** Destroys a Node stream that is not read to its end, and what else holds its connection. */
export function endOpen(body: unknown, reason: unknown, request: unknown): void {
  if (isOpen(body) && endNode(body, reason)) endNode(request);
}

/** Destroys a Node stream; returns whether it was one. A form only forgets its parts when it is destroyed: their files would stay open. */
function endNode(body: unknown, reason?: unknown): boolean {
  if (!isNode(body)) return false;
  const parts = [body._currentStream].concat(body._streams);
  body.on('error', () => {});
  body.destroy(reason);
  for (const part of parts) endNode(part?.source);
  return true;
}

function isNode(body: unknown): body is Stream {
  const stream = body as Partial<Stream> | null | undefined;
  return typeof stream?.destroy === 'function' && typeof stream.on === 'function' && typeof stream.once === 'function';
}

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
