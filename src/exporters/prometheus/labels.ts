/** The label names of an endpoint's parts: OpenTelemetry's, with `_` for `.`, as OpenTelemetry itself maps them. */
import type { EndpointParts } from '../endpoint-labels';

export const ENDPOINT_LABELS = ['http_request_method', 'server_address', 'server_port', 'url_template', 'breakwater_endpoint'] as const;

export type EndpointLabelValues = Partial<Record<(typeof ENDPOINT_LABELS)[number], string>>;

/** Leaves out what is unknown: to Prometheus, an absent label and an empty one are the same. */
export function endpointLabels({ method, serverAddress, serverPort, template, endpoint }: EndpointParts): EndpointLabelValues {
  return {
    ...(method !== undefined && { http_request_method: method }),
    ...(serverAddress !== undefined && { server_address: serverAddress }),
    ...(serverPort !== undefined && { server_port: String(serverPort) }),
    ...(template !== undefined && { url_template: template }),
    ...(endpoint !== undefined && { breakwater_endpoint: endpoint }),
  };
}
