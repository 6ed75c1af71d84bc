/** Replaces the parts of a path that identify one resource rather than the endpoint. */

/** The longest name of an endpoint, and the longest URL that is remembered, in characters. */
export const LONGEST = 500;

/** Path segments that tell resources apart, not endpoints. */
const IDENTIFIERS = [
  /^\d+$/, // 42
  /^(\{|%7B)?[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}(\}|%7D)?$/i, // UUID, in braces or not
  /^(\w+(:|%3A))?(?=.*\d)[0-9a-f]{16,}$/i, // hashes, object ids; sha256:… too
  /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/i, // ULID
  /^\d{4}-\d{2}(-\d{2})?(T([\d:.+-]|%3A|%2B)+Z?)?$/i, // dates and times, encoded or not
  /^(?=.*\d)(?=.*[A-Za-z])[\w-]{20,}$/, // base64url tokens
  /^eyJ[\w-]+(\.[\w-]*){2,4}$/, // JWTs
  /^([^@]+@[^@.]+|(?!.*@).+?%40([^@%.]|%(?!40))+)\.[^@]+$/i, // mail addresses, in a time that grows with the length
];

/** A cheap pre-check that every identifier passes and most segments do not. */
const MAY_IDENTIFY = /[\d@-]|^eyJ/;

/** Cuts at a segment boundary, or at a character if there is none. */
function shorten(path: string): string {
  if (path.length <= LONGEST) return path;
  return path.slice(0, path.lastIndexOf('/', LONGEST - 1) + 1 || LONGEST);
}

/** The path with `:id` in place of identifiers. */
export const template = (path: string): string =>
  shorten(
    shorten(path)
      .split('/')
      .map((segment) => (MAY_IDENTIFY.test(segment) && IDENTIFIERS.some((identifier) => identifier.test(segment)) ? ':id' : segment))
      .join('/'),
  );
