// Headers are normalized as axios does it, and left alone where it would change nothing.
import axios, { type AxiosHeaders } from 'axios';
import * as fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { normalized } from '../../src/instance/headers';

/** As a transform may leave them: set past `set`. */
const headersOf = (entries: [string, unknown][]): AxiosHeaders => {
  const headers = new axios.AxiosHeaders();
  for (const [name, value] of entries)
    Object.defineProperty(headers, name, { value, enumerable: true, configurable: true, writable: true });
  return headers;
};

const told = (headers: AxiosHeaders): unknown => [Object.entries(headers), Object.getOwnPropertyNames(headers)];

const names = fc.oneof(
  fc.constantFrom(
    'Accept',
    'accept',
    'ACCEPT',
    'X-A',
    'x-a',
    ' x-a',
    'x-a ',
    '',
    'a b',
    'X_A',
    'é',
    '__proto__',
    'constructor',
    '1',
    'İ',
    'x\u0000',
  ),
  fc.string({ maxLength: 4 }),
);
const values = fc.oneof(
  fc.constantFrom<unknown>(
    undefined,
    null,
    false,
    true,
    0,
    1,
    '',
    ' a',
    'a ',
    'a\tb',
    '\ta',
    'a\r\nb',
    'a\u007f',
    'é',
    '日本',
    [],
    ['a', ' b '],
    {},
  ),
  fc.string({ maxLength: 4, unit: 'binary' }),
);

it('gives what axios gives', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(names, values), { maxLength: 6 }), (entries) => {
      const headers = headersOf(entries);
      expect(normalized(headers)).toBe(headers);
      expect(told(headers)).toStrictEqual(told(headersOf(entries).normalize(false)));
    }),
  );
});

it('does not bother with what is as it should be', () => {
  const headers = headersOf([
    ['Accept', 'a'],
    ['x-a', 'b c'],
    ['X-B', undefined],
    ['Content-Type', false],
  ]);
  const normalize = vi.spyOn(axios.AxiosHeaders.prototype, 'normalize');
  normalized(headers);
  expect(normalize).not.toHaveBeenCalled();
  normalize.mockRestore();
});

it("asks headers of the user's own class", () => {
  const called = vi.fn();
  class Own extends axios.AxiosHeaders {
    override normalize(format: boolean): this {
      called();
      return super.normalize(format) as this;
    }
  }
  normalized(new Own({ a: 'b' }));
  expect(called).toHaveBeenCalledOnce();
});
