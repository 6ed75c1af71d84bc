// Answers at random, for the test that compares a client with stock axios at random: whole, compressed, in pieces, broken.
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { type Answer, type Reply, reply } from './parity-site';

export const maybe = <T>(arbitrary: fc.Arbitrary<T>, weight = 4): fc.Arbitrary<T | undefined> =>
  fc.oneof({ arbitrary, weight: 1 }, { arbitrary: fc.constant(undefined), weight });

/** Bytes, compressed or as if they were. */
const ENCODINGS: Record<string, (body: Buffer) => Buffer> = {
  gzip: gzipSync,
  'X-GZip': gzipSync,
  deflate: deflateSync,
  Deflate: deflateRawSync,
  br: brotliCompressSync,
  compress: gzipSync,
  identity: (body) => body,
  unknown: (body) => body,
  'gzip, gzip': (body) => gzipSync(gzipSync(body)),
};
const body = fc.oneof(
  fc.constantFrom('', '{"a":1}', '[1,{"b":"ü"}]', '"x"', 'null', '{bad', '\ufeff{"bom":true}', '\ufeff', '0', 'x'.repeat(3_000)),
  fc.json({ maxDepth: 2 }),
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
  fc.constant('abc'.repeat(15_000)),
);
const status = fc.oneof(
  fc.constantFrom('200 OK', '200 OK', '200', '201 Made', '404 Not Found', '500 Oh', '503', '400 ', '299 Odd', '304 Not Modified', '204 No'),
  fc
    .integer({ min: 200, max: 999 })
    .filter((status) => status < 300 || status > 399)
    .map(String),
);
const answerHeaders = fc.subarray<[string, string]>([
  ['Content-Type', 'application/json'],
  ['content-type', 'text/plain; charset=latin1'],
  ['Set-Cookie', 'a=1; Path=/'],
  ['set-cookie', 'b=2'],
  ['X-Twice', 'one'],
  ['x-twice', 'two'],
  ['X-Long', 'y'.repeat(5_000)],
  ['X-Latin', '\xfc'],
  ['ETag', '"e"'],
  ['Connection', 'close'],
  ['Keep-Alive', 'timeout=5'],
  ['Location', '/elsewhere'],
]);
type Fault = 'cut' | 'reset' | 'no answer' | 'half a head' | 'corrupt' | 'bad chunk';
export const answer = fc.record({
  status,
  headers: answerHeaders,
  body,
  encoding: maybe(fc.constantFrom(...Object.keys(ENCODINGS)), 2),
  framing: fc.constantFrom<NonNullable<Reply['framing']>>('length', 'chunked', 'close', 'length'),
  interim: maybe(fc.constantFrom('100 Continue', '102 Processing', '103 Early Hints'), 9),
  fault: maybe(fc.constantFrom<Fault>('cut', 'reset', 'no answer', 'half a head', 'corrupt', 'bad chunk'), 6),
  pieces: fc.boolean(),
});
type Made = typeof answer extends fc.Arbitrary<infer T> ? T : never;

/** What the servers make of it. */
export function laidOut({ encoding, interim, fault, pieces, ...made }: Made, isHead: boolean): Answer {
  const isEmpty = isHead || /^(204|304)/.test(made.status);
  const encode = encoding ? (ENCODINGS[encoding] as (body: Buffer) => Buffer) : (body: Buffer) => body;
  const plain = Buffer.from(made.body as string);
  const encoded = isEmpty ? Buffer.alloc(0) : encode(plain);
  if (fault === 'corrupt' && encoded.length > 12) encoded.fill(0xee, 6, 12);
  const headers: Made['headers'] = encoding ? [...made.headers, ['Content-Encoding', encoding]] : made.headers;
  const framing = isEmpty ? 'none' : made.framing;
  const whole = reply({ status: made.status, headers, body: encoded, framing });
  const head = whole.indexOf('\r\n\r\n') + 4;
  if (fault === 'bad chunk' && !isEmpty) {
    return { send: [reply({ ...made, headers: [...headers, ['Transfer-Encoding', 'chunked']], body: '', framing: 'none' }), 2, 'zz\r\n'] };
  }
  if (fault === 'no answer') return { send: [], ending: 'end' };
  if (fault === 'half a head') return { send: [whole.subarray(0, Math.min(20, head - 4))], ending: 'end' };
  // Waits, so that what was sent is there before the connection ends.
  if (fault === 'cut') return { send: [whole.subarray(0, Math.max(head, whole.length - 3)), 4], ending: 'end' };
  if (fault === 'reset') return { send: [whole.subarray(0, head), 4], ending: 'reset' };
  const sent = pieces && encoded.length > 1 ? [whole.subarray(0, head + 1), 2, whole.subarray(head + 1)] : [whole];
  const before = interim ? [`HTTP/1.1 ${interim}\r\nLink: </x>\r\n\r\n`] : [];
  return { send: [...before, ...sent], ...((made.framing === 'close' || fault) && { ending: 'end' }) };
}
