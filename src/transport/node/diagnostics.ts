/** Node's diagnostics channels, for APM agents that know nothing of a client: `breakwater:attempt`, `breakwater:call`, … */
import { type Channel, channel } from 'node:diagnostics_channel';

/** Returns a function that gives the channel for an event type, or undefined if nobody is subscribed. */
export function createDiagnostics(): (type: string) => Channel | undefined {
  const channels = new Map<string, Channel>();
  return (type) => {
    const known = channels.get(type) ?? channel(`breakwater:${type}`);
    channels.set(type, known);
    return known.hasSubscribers ? known : undefined;
  };
}
