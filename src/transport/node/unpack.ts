/** Undoes a body's `Content-Encoding`, as axios' http adapter does. */
import type { IncomingMessage } from 'node:http';
import { pipeline, type Readable, Transform, type TransformCallback } from 'node:stream';
import zlib from 'node:zlib';
import type { InternalAxiosRequestConfig } from 'axios';

/** In Node 22.15 and later. */
type Zstd = { createZstdDecompress?(options: object): Transform; constants: { ZSTD_e_flush: number } };

/** Delivers what arrived of a truncated body instead of failing. */
const flushing = (flush: number): object => ({ flush, finishFlush: flush });

const ZLIB = flushing(zlib.constants.Z_SYNC_FLUSH);
const BROTLI = flushing(zlib.constants.BROTLI_OPERATION_FLUSH);

/** The decompressed body. Also removes its `Content-Encoding`, so that nobody decodes it twice. */
export function unpacked(res: IncomingMessage, { decompress, method }: InternalAxiosRequestConfig): Readable {
  const encoding = res.headers['content-encoding'];
  if (!encoding || decompress === false) return res;
  const isEmpty = res.statusCode === 204 || method?.toUpperCase() === 'HEAD';
  const steps = isEmpty ? [] : stepsOf(encoding.toLowerCase());
  if (isEmpty || steps.length) delete res.headers['content-encoding'];
  return steps.length ? (pipeline([res, ...steps], () => {}) as unknown as Readable) : res;
}

function stepsOf(encoding: string): Transform[] {
  switch (encoding) {
    case 'gzip':
    case 'x-gzip':
    case 'compress':
    case 'x-compress':
      return [zlib.createUnzip(ZLIB)];
    case 'deflate':
      return [new ZlibHeader(), zlib.createUnzip(ZLIB)];
    case 'br':
      return [zlib.createBrotliDecompress(BROTLI)];
    case 'zstd': {
      const { createZstdDecompress, constants } = zlib as unknown as Zstd;
      return createZstdDecompress ? [createZstdDecompress(flushing(constants.ZSTD_e_flush))] : [];
    }
    default:
      return [];
  }
}

/** Some servers send raw deflate as `deflate`: adds the two bytes of the zlib header that it should begin with. */
class ZlibHeader extends Transform {
  #isBegun = false;

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    if (!this.#isBegun && chunk.length > 0) {
      this.#isBegun = true;
      if (chunk[0] !== 0x78) this.push(Buffer.from([0x78, 0x9c]));
    }
    done(null, chunk);
  }
}
