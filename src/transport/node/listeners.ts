/** Room for our listeners on a stream, beside those of axios, of `pipeline` and of its consumer: Node would report them as a leak. */
import { Readable } from 'node:stream';
import type { AxiosResponse } from 'axios';
import type { Handler } from '../../call';
import { bodyOf } from '../../errors';
import { contain } from '../../util/complain';

/** More than a client puts on a stream. */
const OURS = 10;

export function leaveRoom(data: unknown): void {
  const most = data instanceof Readable && data.getMaxListeners();
  if (most) data.setMaxListeners(most + OURS);
}

// Each looks at what is the caller's, which may throw.
const inResponse = (response: AxiosResponse | undefined): void => leaveRoom(response?.data);
const inError = (error: unknown): void => leaveRoom(bodyOf(error));

/** Also on a stream of an adapter of the user's, such as the client that is protected again. */
export const withRoom =
  (handle: Handler): Handler =>
  (call) => {
    if (typeof call.config?.adapter !== 'function') return handle(call);
    return handle(call).then(
      (response) => {
        contain(inResponse, response);
        return response;
      },
      (error) => {
        contain(inError, error);
        throw error;
      },
    );
  };
