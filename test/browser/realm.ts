// The library in a page of its own, within the test's: what is done to the globals there, nobody else feels.

const LIBRARY = new URL('../../src/index.ts', import.meta.url).href;

/**
 * @param prelude Runs before the library is there.
 * @param body The body of an async function; `createClient` and what else the library has is `library`. It returns something that JSON can say.
 */
export async function inRealm<T>(prelude: string, body: string): Promise<T> {
  const frame = document.createElement('iframe');
  document.body.append(frame);
  const realm = frame.contentWindow as Window & typeof globalThis & { done(error: string | undefined, said?: string): void };
  try {
    return await new Promise<T>((resolve, reject) => {
      const strays: string[] = [];
      realm.addEventListener('unhandledrejection', ({ reason }) => void strays.push(String(reason)));
      realm.addEventListener('error', ({ message }) => void strays.push(message));
      realm.done = (error, said = 'null') => {
        if (error !== undefined || strays.length) reject(new Error([error, ...strays].join('; ')));
        else resolve(JSON.parse(said));
      };
      const script = realm.document.createElement('script');
      script.textContent = `(async () => {
        const { stringify } = JSON;
        const { done } = window;
        ${prelude}
        const library = await import(${JSON.stringify(LIBRARY)});
        if (typeof afterwards === 'function') afterwards();
        const said = await (async () => {${body}})();
        await new Promise((resolve) => setTimeout(resolve, 20));
        done(undefined, stringify(said));
      })().catch((error) => window.done(String(error && error.stack || error)));`;
      realm.document.body.append(script);
    });
  } finally {
    frame.remove();
  }
}
