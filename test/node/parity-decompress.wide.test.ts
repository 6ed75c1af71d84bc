// What is compressed comes out of a client as out of stock axios.
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, it } from 'vitest';
import { type Answer, reply } from './parity-site';
import { type Config, parity } from './parity-support';

const { same, url } = parity();

/** As one, as a stream, and without follow-redirects. */
async function ways(answer: Answer, config: Config = {}): Promise<void> {
  await same([answer], () => ({ url: url(), ...config }));
  await same([answer], () => ({ url: url(), responseType: 'stream', ...config }));
  await same([answer], () => ({ url: url('/s'), maxRedirects: 0, responseType: 'arraybuffer', ...config }));
}
const raw = (...send: NonNullable<Answer['send']>): Answer => ({ send });

describe('decompression', () => {
  const body = Buffer.from('{"compressed":"'.padEnd(5_000, 'xyz').concat('"}'));
  const BYTES: Record<string, Buffer> = {
    gzip: gzipSync(body),
    'two members': Buffer.concat([gzipSync(body), gzipSync('more')]),
    'with more after it': Buffer.concat([gzipSync(body), Buffer.from('junk')]),
    zlib: deflateSync(body),
    raw: deflateRawSync(body),
    brotli: brotliCompressSync(body),
    plain: body,
    empty: Buffer.alloc(0),
    cut: gzipSync(body).subarray(0, 30),
    'cut in its head': gzipSync(body).subarray(0, 5),
    'one byte': Buffer.from([0x78]),
    corrupt: Buffer.concat([gzipSync(body).subarray(0, 20), Buffer.alloc(30, 0xff)]),
    twice: gzipSync(gzipSync(body)),
  };
  const NAMES = [
    'gzip',
    'GZip',
    'x-gzip',
    'compress',
    'x-compress',
    'deflate',
    'DEFLATE',
    'br',
    'zstd',
    'identity',
    'gzip, gzip',
    ' gzip',
    'own',
    '',
  ];

  it.each(NAMES)('"%s"', async (encoding) => {
    for (const name of Object.keys(BYTES)) {
      const answer = raw(
        reply({
          headers: [
            ['Content-Encoding', encoding],
            ['Content-Type', 'application/json'],
          ],
          body: BYTES[name] as Buffer,
        }),
      );
      await same([answer], () => ({ url: url() }));
      await same([answer], () => ({ url: url(), responseType: 'stream' }));
      if (name === 'gzip') await ways(answer, { decompress: false });
      if (name === 'gzip') await ways(answer, { decompress: true, maxContentLength: 100 });
    }
  });

  it('of an error, and in chunks', async () => {
    const headers: [string, string][] = [['content-encoding', 'gzip']];
    await ways(raw(reply({ status: 500, headers, body: gzipSync('{"error":"x"}') })));
    await ways(raw(reply({ headers, body: gzipSync(Buffer.alloc(2_000_000, 'z')), framing: 'chunked' })));
    await ways(raw(reply({ headers: [...headers, ...headers], body: gzipSync('{}') })));
  });
});
