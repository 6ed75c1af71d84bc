/** The parts of an endpoint as OpenTelemetry attributes. */
import type { Attributes } from '@opentelemetry/api';
import type { EndpointParts } from '../endpoint-labels';

/** Leaves out undefined attributes. */
export function defined(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
}

export const endpointAttributes = ({ method, serverAddress, serverPort, template, endpoint }: EndpointParts): Attributes =>
  defined({
    'http.request.method': method,
    'server.address': serverAddress,
    'server.port': serverPort,
    'url.template': template,
    'breakwater.endpoint': endpoint,
  });
