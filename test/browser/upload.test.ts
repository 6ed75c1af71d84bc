// Uploads in a page: progress still arrives, a large one does not count as the answer's delay, a stuck one has a limit.
import type { AxiosProgressEvent } from 'axios';
import { describe, expect, it } from 'vitest';
import { cleanly, clientWith, expectTimeout, meet } from './support';

cleanly();

const LARGE = 8 * 1024 * 1024; // more than the kernel takes for a peer that does not read
const large = (): Uint8Array<ArrayBuffer> => new Uint8Array(LARGE);

const ENOUGH = 2 * 1024 * 1024; // a few hundred milliseconds for the slow reader
const enough = (): Uint8Array<ArrayBuffer> => new Uint8Array(ENOUGH);

describe('a large upload', () => {
  it.each(['fetch', 'xhr'])('by %s takes longer than connect and read together, and succeeds', async (adapter) => {
    const peer = await meet('slow-reader');
    const began = performance.now();
    const { data } = await clientWith({ adapter, timeout: [50, 100] }).post(peer.url, enough());
    expect(data).toEqual({ ok: true, bytes: ENOUGH });
    expect(performance.now() - began).toBeGreaterThan(150);
  });

  it.each([
    ['a Blob', () => new Blob([enough()])],
    ['an ArrayBuffer', () => enough().buffer],
    ['a string', () => '.'.repeat(ENOUGH)],
    ['a form', () => toForm(new Blob([enough()]))],
  ])('as %s is taken for large', async (_kind, make) => {
    const peer = await meet('slow-reader');
    const { data } = await clientWith({ timeout: [50, 100] }).post(peer.url, make());
    expect(data).toMatchObject({ ok: true });
    expect(data.bytes).toBeGreaterThanOrEqual(ENOUGH);
  });

  it('as parameters of another frame, which no transform makes a string of, is taken for large', async () => {
    const frame = document.createElement('iframe');
    document.body.append(frame);
    const { URLSearchParams: Parameters } = frame.contentWindow as Window & typeof globalThis;
    const peer = await meet('slow-reader');
    const client = clientWith({ timeout: [50, 100], transformRequest: (data) => data });
    const { data } = await client.post(peer.url, new Parameters({ a: '.'.repeat(ENOUGH) }));
    expect(data).toMatchObject({ ok: true });
    frame.remove();
  });

  it.each(['fetch', 'xhr'])('that nobody reads is ended by total, by %s', async (adapter) => {
    const peer = await meet('never-reads');
    const client = clientWith({ adapter, timeout: 500 });
    await expectTimeout(() => client.post(peer.url, large()), { limit: 'total', limitMs: 500, phase: 'waiting', kind: 'unknown' });
    await peer.closed();
  });

  it('by fetch may take send longer than connect and read together', async () => {
    const peer = await meet('never-reads');
    const client = clientWith({ timeout: { connect: 100, read: 150, send: 250 } });
    await expectTimeout(() => client.post(peer.url, large()), { limit: 'response', limitMs: 500, phase: 'waiting', kind: 'unknown' });
    await peer.closed();
  });

  it('with progress is ended by send where it is stuck', async () => {
    const peer = await meet('never-reads');
    const client = clientWith({ timeout: { connect: 5_000, read: 5_000, send: 400 } });
    const loaded: number[] = [];
    await expectTimeout(() => client.post(peer.url, large(), { onUploadProgress: (event) => loaded.push(event.loaded) }), {
      limit: 'send',
      limitMs: 400,
      phase: 'send',
      kind: 'write',
    });
    expect(loaded.length).toBeGreaterThan(0);
    expect(loaded.at(-1)).toBeLessThan(LARGE);
    await peer.closed();
  });
});

describe('upload progress', () => {
  it('arrives up to the last byte, with limits on', async () => {
    const peer = await meet('slow-reader');
    const events: AxiosProgressEvent[] = [];
    const client = clientWith({ timeout: { connect: 5_000, read: 15_000, send: 15_000 } });
    const { data } = await client.post(peer.url, large(), { onUploadProgress: (event) => events.push(event) });
    expect(data).toEqual({ ok: true, bytes: LARGE });
    expect(events.at(-1)).toMatchObject({ loaded: LARGE, total: LARGE, progress: 1, upload: true });
  });

  it('that was sent, but not answered, is ended by response: from there on the phase is known', async () => {
    const peer = await meet('stall');
    const client = clientWith({ timeout: { send: 5_000, response: 300 } });
    await expectTimeout(() => client.post(peer.url, { small: true }, { onUploadProgress: () => {} }), {
      limit: 'response',
      limitMs: 300,
      phase: 'response',
      kind: 'read',
    });
    await peer.closed();
  });
});

describe('a small upload', () => {
  it.each([
    ['JSON', 'fetch', () => ({ a: 1 })],
    ['JSON', 'xhr', () => ({ a: 1 })],
    ['a form', 'fetch', () => toForm(new Blob(['a file']))],
    ['a form', 'xhr', () => toForm(new Blob(['a file']))],
  ])('of %s by %s is bounded by connect and read together', async (_kind, adapter, make) => {
    const peer = await meet('stall');
    const client = clientWith({ adapter, timeout: [100, 200] });
    await expectTimeout(() => client.post(peer.url, make()), { limit: 'response', limitMs: 300, phase: 'waiting', kind: 'unknown' });
    await peer.closed();
  });

  it.each([
    ['a number', () => 5],
    ['a form of another frame', ({ FormData }) => new FormData()],
    ['bytes of another frame', ({ ArrayBuffer: Bytes }) => new Bytes(3)],
    ['a Blob of another frame', ({ Blob }) => new Blob(['a file'])],
  ] as [string, (frame: typeof globalThis) => unknown][])('of %s is bounded likewise', async (_kind, make) => {
    const frame = document.createElement('iframe');
    document.body.append(frame);
    const body = make(frame.contentWindow as Window & typeof globalThis);
    const peer = await meet('stall');
    const client = clientWith({ timeout: [100, 200] });
    await expectTimeout(() => client.post(peer.url, body), { limit: 'response', limitMs: 300, phase: 'waiting', kind: 'unknown' });
    frame.remove();
  });
});

function toForm(blob: Blob): FormData {
  const form = new FormData();
  form.append('file', blob);
  return form;
}
