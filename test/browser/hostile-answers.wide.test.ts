// Answers that are none, in a page: a call ends at once as axios' own does, says where it was, and the next one is well.
import axios from 'axios';
import { beforeEach, describe, expect, it } from 'vitest';
import { type AttemptRecord, isTimeout } from '../bare';
import { cleanly, clientWith, meet, type Peer } from './support';

cleanly();

let peer: Peer;
beforeEach(async () => {
  peer = await meet('raw');
});

const outcomeOf = (work: Promise<{ status: number; data: unknown }>): Promise<unknown> =>
  work.then(
    ({ status, data }) => `${status} ${data}`,
    (error) => {
      if (isTimeout(error) || !axios.isAxiosError(error)) throw error;
      return `${error.code} ${error.message}`;
    },
  );

const BEFORE_HEADERS = ['/reset', '/reset-in-headers', '/end', '/two-lengths'];
const IN_BODY = ['/reset-in-body', '/reset-in-chunk', '/end-in-body', '/end-in-chunk', '/chunk-size', '/chunk-size-later'];
const IN_BODY_TOO = ['/chunk-size-huge', '/chunk-size-negative', '/chunk-too-long', '/no-gzip'];

describe.each(['fetch', 'xhr'] as const)('by %s', (adapter) => {
  it.each([...BEFORE_HEADERS, ...IN_BODY, ...IN_BODY_TOO])('%s', async (path) => {
    const client = clientWith({ adapter, timeout: { connect: 60_000, read: 60_000 }, deadline: 60_000 });
    const attempts: AttemptRecord[] = [];
    client.on('attempt', (record) => void attempts.push(record));
    const outcome = await outcomeOf(client.get(peer.at(path)));
    expect(outcome).toBe(await outcomeOf(axios.get(peer.at(path), { adapter })));
    expect(outcome).toMatch(/^ERR_NETWORK/);
    expect(attempts).toMatchObject([{ outcome: 'error', code: 'ERR_NETWORK', timedOut: false }]);
    const phase = Object.keys(attempts[0]?.timings ?? {}).at(-1);
    if (BEFORE_HEADERS.includes(path)) expect(phase).toBe('waiting');
    if (adapter === 'fetch' && IN_BODY.slice(0, 4).includes(path)) expect(phase).toBe('body');
    expect((await client.get(peer.at('/good'))).data).toBe('good');
  });
});

it.each(['/reset-in-body', '/reset-in-chunk', '/end-in-body', '/chunk-size-later'])(
  '%s, in a stream that was handed out: its reader is told',
  async (path) => {
    const client = clientWith({ timeout: { read: 60_000 } });
    const attempts: AttemptRecord[] = [];
    client.on('attempt', (record) => void attempts.push(record));
    const { data } = await client.get<ReadableStream<Uint8Array>>(peer.at(path), { responseType: 'stream' });
    const reader = data.getReader();
    const drain = async (): Promise<void> => {
      while (!(await reader.read()).done);
    };
    await expect(drain()).rejects.toThrow();
    expect(attempts).toMatchObject([{ outcome: 'error', timedOut: false, status: 200 }]);
  },
);
