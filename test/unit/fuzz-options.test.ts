// Options of any kind: taken, or refused by a sentence that begins with the option's name. Never a TypeError, and nothing is sent.
import axios, { AxiosError, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Client, createClient, Deadline, protect, withDeadline } from '../../src/index';
import { runs } from '../setup/sample';
import { FIELDS } from './fuzz-options-support';

beforeAll(() => void vi.spyOn(console, 'warn').mockImplementation(() => {})); // tight deadlines are warned of
afterAll(() => void vi.restoreAllMocks());

const TIMEOUT = 60_000;

const NAMES = [...Object.keys(FIELDS), 'deadline', 'endpoint', 'deadlineHeader', 'propagateTrace', 'allowQueryValues'];
const CLIENTS_OWN = ['alerts', 'beacons'];

const cyclic: unknown[] = [];
cyclic.push(cyclic);
const exotic = fc.constantFrom<unknown>(
  cyclic,
  () => 5,
  Symbol('s'),
  new Date(Number.NaN),
  new Date(8.64e15),
  /x/g,
  new Proxy({}, {}),
  { remaining: 5 },
  { remaining: 'soon' },
  { [Symbol.toPrimitive]: () => Symbol('no') },
  { toString: null, valueOf: null },
  Object.freeze([Object.create(null)]),
  JSON.parse('{"__proto__": {"retries": 1}}'),
  { constructor: 5 },
  { toString: 5 },
  { hasOwnProperty: false },
);
const anything = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withSparseArray: true,
      withNullPrototype: true,
    }),
  },
  { weight: 2, arbitrary: exotic },
  {
    weight: 2,
    arbitrary: fc.constantFrom<unknown>(
      0,
      -1,
      1,
      5,
      1.5,
      1e308,
      -0,
      Infinity,
      Number.NaN,
      '',
      '5',
      'endpoint',
      true,
      false,
      null,
      undefined,
      [],
      {},
    ),
  },
  { weight: 2, arbitrary: fc.double() },
);

/** A name, and anything; or an object of its own fields, each anything. */
const option: fc.Arbitrary<[string, unknown]> = fc
  .constantFrom(...NAMES)
  .chain((name) =>
    fc.tuple(
      fc.constant(name),
      fc.oneof(anything, fc.dictionary(fc.constantFrom(...(FIELDS[name] ?? ['length']), 'other'), anything, { maxKeys: 3 })),
    ),
  );

let sent = 0;
const adapter = async (config: InternalAxiosRequestConfig): Promise<AxiosResponse> => {
  sent++;
  return { data: '', status: 200, statusText: '', headers: {}, config };
};

/** That a refusal is one, and says which option it is about. */
function expectRefusal(error: unknown, name: string): void {
  if (!(error instanceof AxiosError) || error.code !== 'ERR_BAD_OPTION_VALUE') throw error;
  const [, named] = /^(\w+)(?:[.[].*?)?: /s.exec(error.message) ?? [];
  expect(error.message.length).toBeLessThan(2_000);
  expect(named, error.message).toBe(name);
}

/** What a call may end with when its options were taken, however strange their values are. */
const TAKEN = ['ETIMEDOUT', 'ELIMITED'];

async function request(client: Client, config: object, name: string): Promise<'taken' | 'refused'> {
  const before = sent;
  try {
    await client.request({ url: 'http://api.test/', ...config });
    return 'taken';
  } catch (error) {
    if (TAKEN.includes((error as AxiosError).code ?? '')) return 'taken';
    expectRefusal(error, name);
    expect(sent, 'something was sent').toBe(before);
    return 'refused';
  }
}

describe.each([
  ['createClient', (config: object) => createClient({ adapter, ...config })],
  ['protect', (config: object) => protect(axios.create({ adapter }), config)],
  ['client.create', (config: object) => createClient({ adapter }).create(config)],
])('an option of %s', (_, make) => {
  it(
    'is taken or refused by name',
    async () => {
      const outcomes = { taken: 0, refused: 0 };
      await fc.assert(
        fc.asyncProperty(option, async ([name, value]) => {
          let client: Client;
          try {
            client = make({ [name]: value });
          } catch (error) {
            outcomes.refused++;
            return expectRefusal(error, name);
          }
          outcomes[await request(client, {}, name)]++;
          await client.close();
        }),
        { numRuns: runs(1_000) },
      );
      expect(Math.min(outcomes.taken, outcomes.refused)).toBeGreaterThan(20);
    },
    TIMEOUT,
  );
});

it(
  'an option of a request is taken or refused by name',
  async () => {
    const client = createClient({ adapter });
    const outcomes = { taken: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(option, async ([name, value]) => {
        if (CLIENTS_OWN.includes(name)) return;
        outcomes[await request(client, { [name]: value }, name)]++;
        client.breakers.reset();
      }),
      { numRuns: runs(2_000) },
    );
    expect(Math.min(outcomes.taken, outcomes.refused)).toBeGreaterThan(20);
    await client.close();
  },
  TIMEOUT,
);

it.each<[name: string, value: unknown]>([
  ['deadline', { remaining: 'soon' }],
  ['deadline', { remaining: Number.NaN }],
  ['limit', { rate: 1, interval: Infinity }],
  ['retry', JSON.parse('{"__proto__": {"retries": 1}}')],
  ['retry', { toString: 5 }],
])('%s: %o is refused', (name, value) => {
  expect(() => createClient({ [name]: value })).toThrow(new RegExp(`^${name}`));
});

it('the milliseconds of withDeadline are taken or refused by name', async () => {
  await fc.assert(
    fc.asyncProperty(anything, async (ms) => {
      try {
        await withDeadline(ms as number, async () => {});
      } catch (error) {
        if ((error as AxiosError).code !== 'ETIMEDOUT') expectRefusal(error, 'withDeadline');
      }
    }),
  );
});

it('the milliseconds of a Deadline made by hand are taken or refused by name', () => {
  fc.assert(
    fc.property(anything, (ms) => {
      try {
        expect(new Deadline(ms as number).remaining).toBeGreaterThanOrEqual(0);
        expect(ms).toBeTypeOf('number');
      } catch (error) {
        expectRefusal(error, 'Deadline');
      }
    }),
  );
});
