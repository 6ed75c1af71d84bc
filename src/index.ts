/**
 * Breakwater: calls on axios that cannot hang. The table of contents.
 *
 * @module
 */

// Words
export type { Outcome } from './call';
// Clients
export { type Client, createClient, protect } from './client';
// Deadlines
export { Deadline, deadlineFrom } from './deadline';
// Errors
export { isTimeout, TimeoutError, type TimeoutFacts } from './errors';
// Options
export type { ClientConfig, Limit, Policies, RequestConfig, TimeoutInput, TimeoutOptions } from './options';
// Events and records
export type { ClientEvents, EventHandler, EventType } from './telemetry/events';
export type { AttemptRecord, CallRecord } from './telemetry/record';
export { withDeadline } from './with-deadline';
export type { Kind, LimitName, Phase, Timings } from './words';
