/** What Node leaves unsaid when an HTTP/2 stream fails: that it was cut short, and why. */
import http2, { type ClientHttp2Stream } from 'node:http2';
import type { Attempt } from '../../call/attempt';
import { override } from '../../util/override';

/**
 * When the peer cancels a stream, or closes the connection under it, Node ends the stream as if it were complete: a truncated body would
 * go unnoticed, and a missing response would be waited for.
 */
export function failWhereCutShort(stream: ClientHttp2Stream): void {
  const { push, destroy } = stream;
  let isWhole = false;
  override(stream, {
    push(chunk, encoding) {
      if (chunk === null && !this.destroyed) {
        if (this.closed && !isWhole) {
          process.nextTick(() => this.destroy()); // not now: Node is still using it
          return false;
        }
        isWhole = true;
      }
      return push.call(this, chunk, encoding);
    },
    destroy(error) {
      const isCut = !error && !isWhole && (this.closed || this.session?.destroyed) && !this.destroyed && SILENT.includes(this.rstCode);
      return destroy.call(this, isCut ? Object.assign(new Error(CUT_SHORT), { code: 'ECONNRESET' }) : error);
    },
  });
}

/** The codes for which Node raises no error. */
const SILENT: readonly number[] = [http2.constants.NGHTTP2_NO_ERROR, http2.constants.NGHTTP2_CANCEL];
const CUT_SHORT = 'The peer closed the stream before the answer was whole';

/** Makes the error say what ended the connection: Node only reports its streams as cancelled, with the reason two causes down. */
export function tellReason(error: unknown): void {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: { cause?: { code?: unknown; message?: unknown } } };
  const reason = code === 'ERR_HTTP2_STREAM_CANCEL' ? cause?.cause : undefined;
  if (reason?.code) Object.assign(error as object, { code: reason.code, message: reason.message });
}

/**
 * Marks an attempt whose stream the peer refused, and so did not process (RFC 9113, section 8.7): one of a burst that is more than it allows,
 * sent before it could say so, or one that its GOAWAY leaves out. As if the stream still waited for its turn. A GOAWAY with an
 * error ends the session instead, and its code is that of all streams, processed or not.
 */
export function markRefused(attempt: Attempt, error: unknown): void {
  const { rstCode } = (attempt.request ?? {}) as Partial<ClientHttp2Stream>;
  const { code } = (error ?? {}) as { code?: unknown };
  if (code !== 'ERR_HTTP2_STREAM_ERROR' || rstCode !== http2.constants.NGHTTP2_REFUSED_STREAM || attempt.clock.phase === 'body') return;
  attempt.handedOver = false;
  attempt.clock.enter('queue');
}
