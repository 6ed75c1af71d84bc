// What the consumer's programs print when all is well.

/** Of consumer/survive.cjs. */
export const SURVIVED = {
  healthy: { ok: true },
  isTimeout: true,
  isAppsAxiosError: true,
  code: 'ETIMEDOUT',
  limit: 'read',
  phase: 'response',
  kind: 'read',
  early: false,
};

/** Of consumer/tell.cjs. */
export const TOLD = {
  line: { event: 'timeout', 'breakwater.limit': 'read' },
  counted: 1,
  measured: ['http.client.request.duration', 'breakwater.timeouts'],
};
