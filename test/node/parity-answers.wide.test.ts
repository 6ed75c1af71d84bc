// An answer through a client is what it is through stock axios: statuses, headers, bodies, and what becomes of them.
import { describe, expect, it } from 'vitest';
import { type Answer, type Reply, reply } from './parity-site';
import { type Config, parity } from './parity-support';

const { same, url } = parity();

/** As one, as a stream, and without follow-redirects. */
async function ways(answer: Answer, config: Config = {}): Promise<void> {
  await same([answer], () => ({ url: url(), ...config }));
  await same([answer], () => ({ url: url(), responseType: 'stream', ...config }));
  await same([answer], () => ({ url: url('/s', 'https'), maxRedirects: 0, responseType: 'arraybuffer', ...config }));
}
const raw = (...send: NonNullable<Answer['send']>): Answer => ({ send });

describe('heads', () => {
  it.each<[string, Reply]>([
    ['no reason', { status: 200 }],
    ['a reason of its own', { status: '299 Rather  Odd' }],
    ['an empty reason', { status: '404 ' }],
    ['a reason in Latin-1', { status: '500 \xfcber' }],
    ['a status beyond all', { status: '999 Beyond' }],
    ['204', { status: '204 No Content', framing: 'none' }],
    ['204 with a body announced', { status: '204 No', headers: [['Content-Encoding', 'gzip']], framing: 'none' }],
    ['304', { status: '304 Not Modified', headers: [['ETag', '"x"']], framing: 'none' }],
    ['304 that tells of an encoding', { status: '304 Not Modified', headers: [['Content-Encoding', 'gzip']], framing: 'none' }],
    ['a 302 without a location', { status: '302 Found', body: 'where?' }],
    ['a 200 with a location', { headers: [['Location', '/x']], body: 'here' }],
    ['headers twice', { headers: ['one', 'two'].map((value) => ['X-Twice', value]) }],
    ['cookies', { headers: ['a=1; Path=/', 'b=2, c'].map((value) => ['set-cookie', value]) }],
    ['one cookie', { headers: [['Set-Cookie', 'a=1']] }],
    [
      'what Node takes once',
      {
        headers: ['text/html', 'text/plain'].flatMap((value) => [
          ['Content-Type', value],
          ['Age', '1'],
          ['ETag', value],
        ]),
      },
    ],
    [
      'names in any case',
      {
        headers: [
          ['x-lower', '1'],
          ['X-UPPER', '2'],
          ['x-LOWER', '3'],
        ],
      },
    ],
    [
      'Latin-1 and tabs',
      {
        headers: [
          ['X-Latin', 'f\xfcr'],
          ['X-Tab', '\ta\t'],
          ['X-Empty', ''],
        ],
      },
    ],
    [
      'names of objects',
      {
        headers: [
          ['__proto__', 'x'],
          ['constructor', 'y'],
          ['toString', 'z'],
        ],
      },
    ],
    ['many', { headers: Array.from({ length: 100 }, (_, i) => [`X-${i}`, 'v'.repeat(100)]) }],
    ['Connection: close', { headers: [['Connection', 'close']], body: 'x' }],
    [
      'Keep-Alive',
      {
        headers: [
          ['Connection', 'keep-alive'],
          ['Keep-Alive', 'timeout=3, max=9'],
        ],
        body: 'x',
      },
    ],
  ] as [string, Reply][])('%s', async (_, answer) => {
    await ways(raw(reply(answer)));
  });

  it('HTTP/1.0', async () => {
    await ways({ send: ['HTTP/1.0 200 OK\r\nX-Old: yes\r\n\r\nold'], ending: 'end' });
  });

  it('folded, and with lone line feeds', async () => {
    for (const insecureHTTPParser of [true, false]) {
      await ways(raw('HTTP/1.1 200 OK\r\nX-Folded: a\r\n b\r\nContent-Length: 0\r\n\r\n'), { insecureHTTPParser });
      await ways(raw('HTTP/1.1 200 OK\nContent-Length: 2\n\nok'), { insecureHTTPParser });
      await ways(raw('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Bad: a\x01b\r\n\r\nok'), { insecureHTTPParser });
    }
  });

  it('in pieces', async () => {
    const whole = reply({ headers: [['X-A', 'b']], body: '{"a":1}' });
    await ways(raw(...[...whole].flatMap((byte, i) => (i % 16 ? [Buffer.from([byte])] : [0, Buffer.from([byte])]))));
  });

  it.each(['100 Continue', '102 Processing', '103 Early Hints'])('after %s', async (status) => {
    const interim = `HTTP/1.1 ${status}\r\nLink: </x>\r\n\r\n`;
    await ways(raw(interim, reply({ body: 'x' })));
    await ways(raw(interim, 2, interim, 2, reply({ status: 404, body: '{}' })));
  });

  it('101, asked for and not', async () => {
    const upgraded = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n';
    const answer: Answer = { ...raw(upgraded, 2), ending: 'end' };
    // axios waits on: nobody listens for an upgrade.
    await same([answer], () => ({ url: url() }), { patience: 100 });
    await same([answer], () => ({ url: url(), headers: { Connection: 'Upgrade', Upgrade: 'echo' } }), { patience: 100 });
  });
});

describe('bodies', () => {
  const BODIES: Record<string, string | Buffer> = {
    none: '',
    text: 'grüße',
    JSON: '{"a":[1,"ü",null]}',
    'JSON with a BOM': '\ufeff{"a":1}',
    'a BOM alone': '\ufeff',
    'a scalar': '12',
    'a string': '"x"',
    null: 'null',
    'no JSON': '{"a":',
    spaces: '  ',
    bytes: Buffer.from([0, 0xff, 0xfe, 0xc3, 0x28]),
    'a number that JSON rounds': '12345678901234567890',
    __proto__: '{"__proto__":{"a":1}}',
  };
  const TYPES = [undefined, '', 'text', 'json', 'arraybuffer', 'blob', 'document', 'formdata', 'stream', 'unheard-of'];

  it.each(Object.keys(BODIES))('%s, as every type', async (name) => {
    const answer = raw(reply({ headers: [['Content-Type', 'application/json']], body: BODIES[name] as string }));
    for (const responseType of TYPES) await same([answer], () => ({ url: url(), responseType: responseType as never }));
    await same([answer], () => ({ url: url(), responseType: 'json', transitional: { silentJSONParsing: false } }));
    await same([answer], () => ({ url: url(), transitional: { forcedJSONParsing: false } }));
  });

  it.each(['latin1', 'hex', 'base64', 'ascii', 'utf16le', 'utf8', 'utf-8', 'UTF8', 'binary', 'none-such', ''])(
    'in %s',
    async (responseEncoding) => {
      for (const name of ['text', 'JSON with a BOM', 'bytes']) {
        const answer = raw(reply({ body: BODIES[name] as string }));
        for (const responseType of ['text', 'json', 'arraybuffer'] as const) {
          await same([answer], () => ({ url: url(), responseEncoding, responseType }));
        }
      }
    },
  );

  it.each(['length', 'chunked', 'close'] as const)('that end by %s', async (framing) => {
    const ending = framing === 'close' ? { ending: 'end' as const } : {};
    for (const body of ['', 'x', Buffer.alloc(300_000, 'abc')]) await ways({ send: [reply({ body, framing })], ...ending });
    const [head, rest] = [reply({ body: 'abcdef', framing }).subarray(0, -4), reply({ body: 'abcdef', framing }).subarray(-4)];
    await ways({ send: [head, 3, rest], ...ending });
    await same(
      [
        {
          send: [reply({ body: 'abc', framing, headers: [['Content-Length', '3']].slice(framing === 'close' ? 0 : 1) as never })],
          ...ending,
        },
      ],
      () => ({ url: url() }),
    );
  });

  it('with trailers', async () => {
    await ways(
      raw(
        reply({
          body: 'abc',
          framing: 'chunked',
          headers: [['Trailer', 'X-Sum']],
          trailers: [
            ['X-Sum', '9'],
            ['x-sum', '10'],
          ],
        }),
      ),
    );
  });

  it('of HEAD', async () => {
    for (const encoding of ['gzip', 'br', 'x-own']) {
      const head = reply({
        headers: [
          ['Content-Encoding', encoding],
          ['Content-Length', '99'],
        ],
        framing: 'none',
      });
      await ways(raw(head), { method: 'head' });
      await ways(raw(head), { method: 'head', decompress: false });
    }
    await ways(raw(reply({ headers: [['Transfer-Encoding', 'chunked']], framing: 'none' })), { method: 'HEAD' });
  });
});

it('large bodies come whole', async () => {
  const { outcome } = await same([raw(reply({ body: Buffer.alloc(5_000_000, 'abc'), framing: 'chunked' }))], () => ({
    url: url(),
    responseType: 'arraybuffer',
  }));
  expect(outcome.fulfilled.data.Buffer).toMatch(/^5000000 bytes/);
});
