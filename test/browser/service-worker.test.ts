// A service worker has no XHR: axios takes fetch there itself, and a client sends and reads what that does.
import { expect, it } from 'vitest';
import type { Ended } from './service-worker';

it('in a service worker a client is what axios is there', async () => {
  const registration = await navigator.serviceWorker.register(new URL('./service-worker.ts', import.meta.url), { type: 'module' });
  try {
    const { port1, port2 } = new MessageChannel();
    const told = new Promise<{ stock: Ended[]; ours: Ended[] }>((resolve) => {
      port1.onmessage = ({ data }) => resolve(data);
    });
    (registration.installing ?? registration.active)?.postMessage(undefined, [port2]);
    const { stock, ours } = await told;
    expect(ours).toEqual(stock);
    expect(stock.slice(0, 3)).toEqual([
      [200, 'same-origin'],
      [200, 'omit'],
      [200, 'include'],
    ]);
  } finally {
    await registration.unregister();
  }
});
