/** How XHR interprets the content type of a response. fetch takes all text for UTF-8. */

/** The byte order marks that text may begin with. */
const MARKS: readonly [string, ...number[]][] = [
  ['utf-8', 0xef, 0xbb, 0xbf],
  ['utf-16be', 0xfe, 0xff],
  ['utf-16le', 0xff, 0xfe],
];

/** By the byte order mark, else by the charset that the response names, if it is a known one. */
export function decoderOf({ headers }: Response, begin: Uint8Array): TextDecoder {
  const [mark] = MARKS.find(([, ...bytes]) => bytes.every((byte, at) => byte === begin[at])) ?? [];
  try {
    return new TextDecoder(mark ?? /;\s*charset="?([^";\s]+)/i.exec(`${headers.get('Content-Type')}`)?.[1]);
  } catch {
    return new TextDecoder();
  }
}

/** The type for a Blob, without parameters so that it can be compared by name. */
export const essenceOf = ({ headers }: Response): string =>
  /^\s*([^\s;,/]+\/[^\s;,]+)/.exec(`${headers.get('Content-Type')}`)?.[1] ?? 'text/xml';
