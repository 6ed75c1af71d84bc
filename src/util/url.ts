/** Whether axios takes it for absolute, a scheme or not. */
export const isAbsolute = (url: string): boolean => /^([a-z][a-z\d+\-.]*:)?\/\//i.test(url);

/** Joins as axios does, which takes the base as it is if there is nothing to join. */
export const joinUrl = (base: string, url: string): string => (url ? `${base.replace(/\/+$/, '')}/${url.replace(/^\/+/, '')}` : base);

/**
 * The page's own origin; `undefined` where there is none. `location` alone is wrong in frames: an empty or `srcdoc` one has its parent's origin,
 * a sandboxed one has none. `origin` is asked only there, since a page may have a variable of that name.
 */
export function ownOrigin(): string | undefined {
  const { location, origin } = globalThis as Partial<typeof globalThis>;
  const own = location?.origin;
  return own && (own === 'null' || origin === 'null') ? origin : own;
}

/** A call parses its URL several times, and most programs use the same few over and over. */
const parsed = new Map<string, URL>();

/** How many URLs are remembered, and the longest of them, in characters. */
const CAP = 500;
const LONGEST = 500;

/** `undefined` if the text is no URL. The result is shared and must not be changed. URLs with credentials are not remembered. */
export function parseUrl(text: string, base?: string): Readonly<URL> | undefined {
  const known = base === undefined ? parsed.get(text) : undefined;
  if (known) return known;
  try {
    const url = new URL(text, base);
    if (base === undefined && text.length <= LONGEST && !url.username && !url.password) {
      if (parsed.size >= CAP) parsed.clear();
      parsed.set(text, url);
    }
    return url;
  } catch {
    return undefined;
  }
}
