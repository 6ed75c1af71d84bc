// Node's diagnostics channels: what the handlers of a client get is published there too, and nothing is made where nobody listens.
import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ClientEvents, EventType } from '../../src/index';
import { type Diagnostics, Events } from '../../src/telemetry/events';
import { createDiagnostics } from '../../src/transport/node/diagnostics';
import { startLab } from '../lab/index.mjs';
import type { Lab } from '../lab/types.mjs';
import { watchUnhandled } from './failures';
import { runScript } from './script';
import { clients, rejection, until } from './support';

let lab: Lab;
const { client, close } = clients();
const unhandled = watchUnhandled();
beforeAll(async () => {
  lab = await startLab({ only: ['healthy', 'stall'] });
});
afterAll(async () => {
  await lab.close();
  await unhandled.none();
});

const TYPES: EventType[] = ['attempt', 'call', 'timeout', 'retry', 'breaker', 'limited', 'fallback', 'beacon', 'alert'];

/** What an agent heard, and on which channel. */
type Heard = [type: string, event: unknown][];

const stops: (() => void)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) stop();
  await close();
});

/** An agent that knows nothing of a client. */
function agent(types: EventType[] = TYPES): Heard {
  const heard: Heard = [];
  for (const type of types) {
    const onMessage = (event: unknown, name: string | symbol): void => void heard.push([String(name).replace('breakwater:', ''), event]);
    subscribe(`breakwater:${type}`, onMessage);
    stops.push(() => unsubscribe(`breakwater:${type}`, onMessage));
  }
  return heard;
}

/** Makes a client emit an event of every type. */
async function stir(api: ReturnType<typeof client>): Promise<void> {
  await api.get(lab.url('healthy'));
  api.breakers.open('a')();
  await api.get(lab.url('healthy', '/status/503'), { retry: { retries: 1, baseDelay: 1 }, fallback: { value: 1 } });
  await Promise.allSettled([1, 2].map(() => api.get(lab.url('healthy', '/delay/50'), { limit: { concurrency: 1 } })));
  for (let i = 0; i < 5; i++) await rejection(api.get(lab.url('stall'), { timeout: 30 }));
  await api.close();
  api.beacon(lab.url('healthy'), 'too late');
}

describe('diagnostics channels', () => {
  it('get every event, and the very object that the handlers get', async () => {
    const heard = agent();
    const api = client();
    const handled: Heard = [];
    api.on('*', (type, event) => void handled.push([type, event]));
    await stir(api);
    await until(() => handled.some(([type]) => type === 'beacon'), 'the dropped beacon is told of');
    expect(new Set(heard.map(([type]) => type))).toEqual(new Set(TYPES));
    // Alerts come of attempts, and so in the midst of them: one by one the channels have the order of the handlers.
    for (const type of TYPES) {
      const [published, given] = [heard, handled].map((list) => list.filter(([of]) => of === type).map(([, event]) => event));
      expect(published).toHaveLength(given?.length ?? 0);
      for (const [i, event] of (published ?? []).entries()) expect(event).toBe(given?.[i]);
    }
  });

  it('get events of which no handler is told', async () => {
    const heard = agent();
    await stir(client());
    await until(() => heard.some(([type]) => type === 'beacon'), 'the dropped beacon is told of');
    expect(new Set(heard.map(([type]) => type))).toEqual(new Set(TYPES));
  });

  it('get those of every client, subscribed before it was made or after, until they are left', async () => {
    const [first, second] = [client(), client()];
    await first.get(lab.url('healthy', '/nobody'));
    const heard = agent(['call']);
    await first.get(lab.url('healthy', '/a'));
    await second.get(lab.url('healthy', '/b'));
    await client().get(lab.url('healthy', '/c'));
    expect(heard.map(([, event]) => (event as ClientEvents['call']).url)).toEqual(
      ['/a', '/b', '/c'].map((path) => lab.url('healthy', path)),
    );
    for (const stop of stops.splice(0)) stop();
    await first.get(lab.url('healthy', '/d'));
    expect(heard).toHaveLength(3);
    const again = agent(['call']);
    await first.get(lab.url('healthy', '/e'));
    expect(again).toHaveLength(1);
  });

  it('are told by name, and only of what is subscribed to', async () => {
    const heard = agent(['timeout']);
    const api = client();
    await api.get(lab.url('healthy'));
    await rejection(api.get(lab.url('stall'), { timeout: 30 }));
    expect(heard).toEqual([['timeout', expect.objectContaining({ limit: 'total', traceId: expect.stringMatching(/^[\da-f]{32}$/) })]]);
  });

  it('are there for subscribers of the channel object', async () => {
    const heard = vi.fn();
    const calls = channel('breakwater:call');
    calls.subscribe(heard);
    stops.push(() => void calls.unsubscribe(heard));
    await client().get(lab.url('healthy'));
    expect(heard).toHaveBeenCalledOnce();
  });

  it('hear nothing of a client that is switched off', async () => {
    const heard = agent();
    const api = client();
    api.disable();
    await api.get(lab.url('healthy'));
    expect(heard).toEqual([]);
  });
});

describe('where nobody listens', () => {
  const record = { id: 'a' } as ClientEvents['retry'];

  it('no event is made', () => {
    const events = new Events(createDiagnostics());
    const make = vi.fn(() => record);
    events.emit('retry', make);
    expect(make).not.toHaveBeenCalled();
    const heard = agent(['attempt']); // of another type
    events.emit('retry', make);
    expect(make).not.toHaveBeenCalled();
    expect(heard).toEqual([]);
  });

  it('it is made once, however many listen in either way', () => {
    const events = new Events(createDiagnostics());
    const make = vi.fn(() => record);
    const [one, other] = [agent(['retry']), agent(['retry'])];
    events.emit('retry', make);
    expect(make).toHaveBeenCalledTimes(1);
    events.on('retry', () => {});
    events.on('*', () => {});
    events.emit('retry', make);
    expect(make).toHaveBeenCalledTimes(2);
    expect(one).toEqual(other);
    expect(one.map(([, event]) => event)).toEqual([record, record]);
    for (const stop of stops.splice(0)) stop();
    events.emit('retry', make);
    expect(make).toHaveBeenCalledTimes(3);
    expect(one).toHaveLength(2);
  });

  it('the channel is only asked, and handlers are served without one', () => {
    const ask = vi.fn<Diagnostics>(() => undefined);
    const events = new Events(ask);
    const heard = vi.fn();
    events.on('retry', heard);
    events.emit('retry', () => record);
    expect(ask).toHaveBeenCalledExactlyOnceWith('retry');
    expect(heard).toHaveBeenCalledExactlyOnceWith(record);
  });
});

describe('a subscriber that throws', () => {
  const script = (handler: string): string => `
    const { subscribe } = await import('node:diagnostics_channel');
    ${handler}
    let heard = 0;
    subscribe('breakwater:call', () => { throw new Error('of an agent'); });
    subscribe('breakwater:call', () => { heard++; });
    const api = createClient({ proxy: false });
    api.on('call', () => { heard++; });
    const { status } = await api.get(url);
    await api.get(url);
    console.log(status, heard);`;

  it('harms neither the call nor the other subscribers: Node reports it as an uncaught exception', async () => {
    const handler = `process.on('uncaughtException', (error) => console.log('uncaught', error.message));`;
    const { code, stdout, stderr } = await runScript(script(handler), lab.url('healthy'));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.trim().split('\n').sort()).toEqual(['200 4', 'uncaught of an agent', 'uncaught of an agent']);
  });

  it('ends a process that handles no uncaught exceptions, as any does', async () => {
    const { code, stdout, stderr } = await runScript(script(''), lab.url('healthy'));
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('of an agent');
  });
});
