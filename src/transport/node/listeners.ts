/** Room for our listeners on a stream, beside those of axios, of `pipeline` and of its consumer: Node would report them as a leak. */
import { Readable } from 'node:stream';
import type { Handler } from '../../call';
import { bodyOf } from '../../errors';
import { contain } from '../../util/complain';

/** More than a client puts on a stream. */
const OURS = 10;

export function leaveRoom(data: unknown): void {
  const most = data instanceof Readable && data.getMaxListeners();
  if (most) data.setMaxListeners(most + OURS);
}

/** Also on a stream of an adapter of the user's, such as the client that is protected again. */
export const withRoom =
  (handle: Handler): Handler =>
  (call) => {
    if (typeof call.config?.adapter !== 'function') return handle(call);
    return handle(call).then(
      (response) => {
        contain(leaveRoom, response?.data);
        return response;
      },
      (error) => {
        contain(leaveRoom, bodyOf(error));
        throw error;
      },
    );
  };
