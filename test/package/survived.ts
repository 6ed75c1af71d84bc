// What consumer/survive.cjs prints when all is well.
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
