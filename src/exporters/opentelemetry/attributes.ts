/** The parts of an endpoint as OpenTelemetry attributes. */
import type { Attributes } from '@opentelemetry/api';
import { defined } from '../defined';
import type { EndpointParts } from '../endpoint-labels';

export const endpointAttributes = ({ method, serverAddress, serverPort, template, endpoint }: EndpointParts): Attributes =>
  defined({
    'http.request.method': method,
    'server.address': serverAddress,
    'server.port': serverPort,
    'url.template': template,
    'breakwater.endpoint': endpoint,
  });
