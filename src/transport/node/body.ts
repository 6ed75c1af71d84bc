/** Marks the bytes of a response body as they come off the socket, before decompression, without reading the stream. */
import type { Readable } from 'node:stream';
import type { Attempt } from '../../call/attempt';

/**
 * `push` is where Node hands over what came, and its answer says whether the consumer keeps up; `_read` is where the consumer asks for
 * more. Between the two the silence is the consumer's own, and the clock is held.
 */
export function markBody(body: Readable, attempt: Attempt, isCurrent: () => boolean): void {
  const { clock } = attempt;
  const { push, _read: read } = body;
  attempt.bodyOpen = true;

  body.push = function (chunk, encoding) {
    if (chunk !== null && isCurrent()) clock.progress();
    const wantsMore = push.call(this, chunk, encoding);
    if (isCurrent()) {
      // HTTP/2 ends a stream that was cut short like any other; how that came is told when it is closed.
      if (chunk !== null) {
        if (!wantsMore) clock.pause();
      } else if (!this.destroyed && !this.closed) attempt.bodyEnded();
    }
    return wantsMore;
  };
  body._read = function (size) {
    if (isCurrent()) clock.resume();
    read.call(this, size);
  };
  body.once('close', () => {
    if (isCurrent()) attempt.bodyEnded(body.errored ?? null);
  });
}
