/** A URL is asked for several times in a call, and the same ones again and again. */
const parsed = new Map<string, URL>();

/** URLs remembered, and the longest of them, in characters. */
const CAP = 500;
const LONGEST = 500;

/** `undefined` where the text is none. Shared: not to be changed. One with credentials in it is not kept. */
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
