/** Node's diagnostics channels, where agents listen that know nothing of a client: `breakwater:attempt`, `breakwater:call`, … */
import { type Channel, channel } from 'node:diagnostics_channel';

/** Gives the channel of a type of event, where somebody listens. */
export function createDiagnostics(): (type: string) => Channel | undefined {
  const channels = new Map<string, Channel>();
  return (type) => {
    const known = channels.get(type) ?? channel(`breakwater:${type}`);
    channels.set(type, known);
    return known.hasSubscribers ? known : undefined;
  };
}
