/** Marks the bytes of a response body as they come off the socket, before decompression, without reading the stream. */
import type { Readable } from 'node:stream';
import type { Attempt } from '../../call/attempt';
import { override } from '../../util/override';

/**
 * `push` is where Node delivers data, and its return value says whether the consumer keeps up; `_read` is where the consumer asks for
 * more. In between, the silence is due to backpressure, so the clock is paused.
 *
 * @param isFull Whether the peer may not send more until the consumer asks, though there would be room for it here.
 */
export function markBody(body: Readable, attempt: Attempt, isCurrent: () => boolean, isFull = (): boolean => false): void {
  const { clock } = attempt;
  const { push, _read: read } = body;
  attempt.bodyOpen = true;

  override(body, {
    push(chunk, encoding) {
      if (chunk !== null && isCurrent()) clock.progress();
      const wantsMore = push.call(this, chunk, encoding);
      if (isCurrent()) {
        // HTTP/2 ends even a truncated stream normally; only 'close' tells whether it was.
        if (chunk !== null) {
          if (!wantsMore || isFull()) clock.pause();
        } else if (!this.destroyed && !this.closed) attempt.bodyEnded();
      }
      return wantsMore;
    },
    _read(size) {
      if (isCurrent()) clock.resume();
      read.call(this, size);
    },
  });
  body.once('close', () => {
    if (isCurrent()) attempt.bodyEnded(body.errored ?? null);
  });
}
