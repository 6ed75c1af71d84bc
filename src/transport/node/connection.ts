/** Marks the phases of a connection that is being made: lookup, tcp, tls. */
import { isIP, type LookupFunction, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Phase } from '../../words';

/** Whether the TLS handshake is still pending. Node's types lack the flag. */
const isHandshaking = (socket: Socket): boolean => (socket as TLSSocket & { secureConnecting?: boolean }).secureConnecting === true;

/** Whether the socket cannot carry a request yet. */
export const isUnderWay = (socket: Socket): boolean => socket.connecting || isHandshaking(socket);

/** Whether a connection is being tried: only then has it an address here. An agent's own resolver may have answered unheard. */
const isTried = (socket: Socket): boolean => socket.localAddress !== undefined;

/** Whether there is no name to look up. */
export const needsNoLookup = ({
  host,
  socketPath,
}: {
  host?: string | null | undefined;
  socketPath?: string | null | undefined;
}): boolean => Boolean(socketPath) || (typeof host === 'string' && isIP(host) !== 0);

/** A resolver that reports its answer: a custom one may answer from a cache, before the socket can be listened to. */
export const watched =
  (lookup: LookupFunction, resolved: () => void): LookupFunction =>
  (hostname, options, callback) =>
    lookup(hostname, options, (...answer) => {
      if (!answer[0]) resolved();
      callback(...answer);
    });

/**
 * Enters the phase that the socket is in and those that follow, until it is usable.
 * @returns A function that removes the listeners.
 */
export function markConnection(socket: Socket, enter: (phase: Phase) => void, resolved: boolean, usable: () => void): () => void {
  const afterConnect = (): void => {
    if (!isHandshaking(socket)) return usable();
    enter('tls');
    socket.once('secureConnect', usable);
  };
  const afterLookup = (): void => enter('tcp');
  if (!socket.connecting) {
    afterConnect();
  } else {
    const isResolved = resolved || isTried(socket);
    enter(isResolved ? 'tcp' : 'lookup');
    if (!isResolved) socket.once('lookup', afterLookup);
    socket.once('connect', afterConnect);
  }
  return () => {
    socket.off('lookup', afterLookup).off('connect', afterConnect).off('secureConnect', usable);
  };
}
