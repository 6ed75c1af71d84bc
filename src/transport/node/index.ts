/** The Node transport: every phase is observed and bounded, by way of agents. */
import type { Handler } from '../../call';
import { byAdapter } from '../adapter';
import { fetchHandler } from '../web/fetch';
import { xhrHandler } from '../web/xhr';
import { Agents } from './agents';
import { httpHandler } from './http';
import { Http2 } from './http2';
import { withRoom } from './listeners';

export { createSender } from '../../beacon/node';
export { requestOf } from '../../instance/request';
export { ambient } from './ambient';
export { createDiagnostics } from './diagnostics';

/** The operator's kill switch for a whole process, read at every call so that it works at run time. */
export const isSwitchedOff = (): boolean => process.env.BREAKWATER === 'off';

export function createTransport(): { handle: Handler; close(): Promise<void> } {
  const agents = new Agents();
  const http2 = new Http2();
  return {
    handle: withRoom(byAdapter({ http: httpHandler(agents, http2), fetch: fetchHandler, xhr: xhrHandler })),
    close: async () => {
      agents.close();
      http2.close();
    },
  };
}
