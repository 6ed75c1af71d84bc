/**
 * The labels of endpoints, bounded in number: whatever a client calls, an exporter makes a bounded number of series.
 */
import type { OTHER as Other } from '../telemetry/stats';

/** Stands for all endpoints beyond the cap, and for unknown methods. */
export const OTHER: typeof Other = '_OTHER';

/** How many endpoints get labels of their own. */
const CAP = 200;

/** The methods of OpenTelemetry's HTTP conventions. Any other may be an attacker's, or a different one each time. */
const METHODS = new Set(['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'QUERY', 'TRACE']);

/** `METHOD origin/template`, in which origin or template may be missing; or an origin alone. Methods are tokens (RFC 9110), in capitals. */
const AUTOMATIC = /^(?:([!#-'*+.\dA-Z^-`|~-]+) (?=\S))?([a-z][a-z\d+.-]*:\/\/[^\s/?#]*)?(\/[^\s?#]*)?$/;

/** What an event says about where it happened: a record all of it, other events the endpoint alone. */
export interface Named {
  endpoint: string;
  method?: string;
  url?: string;
}

/** The known parts of an endpoint, one per label. */
export interface EndpointParts {
  /** One of the conventions' methods, or `_OTHER`. */
  method?: string;
  /** Host name or address; an IPv6 address without brackets. */
  serverAddress?: string;
  serverPort?: number;
  /** The path, with placeholders for identifiers. */
  template?: string;
  /** The user's own name, which has no template; or `_OTHER` beyond the cap, with neither server nor template. */
  endpoint?: string;
}

/** The parts of an endpoint. A user's own name that looks like an automatic one is taken apart like one. */
export function partsOf({ endpoint, method, url }: Named): EndpointParts {
  const [, named, origin, template] = (endpoint !== '' && !endpoint.startsWith('/') && AUTOMATIC.exec(endpoint)) || [];
  const automatic = origin !== undefined || template !== undefined;
  const asked = method ?? (automatic ? named : undefined);
  return {
    ...(asked !== undefined && { method: METHODS.has(asked) ? asked : OTHER }),
    ...serverOf(url ?? origin),
    ...(template !== undefined && { template }),
    ...(!automatic && { endpoint }),
  };
}

/** `data:` and relative URLs have no server. */
function serverOf(url: string | undefined): Pick<EndpointParts, 'serverAddress' | 'serverPort'> {
  const origin = url === undefined ? undefined : originOf(url);
  if (origin === undefined) return {};
  try {
    const { protocol, hostname, port } = new URL(origin);
    const serverPort = Number(port) || DEFAULT_PORTS[protocol];
    return { serverAddress: hostname.replace(/^\[|\]$/g, ''), ...(serverPort !== undefined && { serverPort }) };
  } catch {
    return {};
  }
}

const DEFAULT_PORTS: Record<string, number | undefined> = { 'http:': 80, 'https:': 443 };

const originOf = (url: string): string | undefined => /^[a-z][a-z\d+.-]*:\/\/[^\s/?#]+/i.exec(url)?.[0];

/** The labels of one exporter: the first 200 endpoints get their own, and so do the first 200 pairs of endpoint and server. */
export class EndpointLabels {
  readonly #endpoints = new Set<string>();
  readonly #servers = new Set<string>();

  /** The endpoint itself, or `_OTHER`. */
  label(endpoint: string): string {
    return admits(this.#endpoints, endpoint) ? endpoint : OTHER;
  }

  /** The parts of the endpoint, bounded in number. */
  partsOf(named: Named): EndpointParts {
    const { endpoint, url } = named;
    const { method, ...where } = partsOf(named);
    const asked = method === undefined ? {} : { method };
    if (this.label(endpoint) === OTHER) return { ...asked, endpoint: OTHER };
    // One of the user's own names may stand for any number of hosts.
    if (url === undefined || admits(this.#servers, `${endpoint} ${originOf(url)}`)) return { ...asked, ...where };
    return { ...partsOf({ endpoint }), ...asked };
  }
}

/** Whether a key is one of the first, which it becomes while there is room. */
function admits(first: Set<string>, key: string): boolean {
  if (!first.has(key) && first.size < CAP) first.add(key);
  return first.has(key);
}
