/**
 * Breakwater: axios calls that cannot hang.
 *
 * @module breakwater
 */

export type { BeaconEvent } from './beacon/drops';
export type { DropReason } from './beacon/sender';
export type { BeaconStats } from './beacon/stats';
export { createClient, protect } from './client';
export type { Client, ClientResponse } from './client-type';
export { Deadline, deadlineFrom } from './deadline';
export { BreakerOpenError, isBreakerOpen, isLimited, isTimeout, LimitError, TimeoutError, type TimeoutFacts } from './errors';
export type { ClientConfig, ClientOptions, ClientPolicies, Policies, RequestConfig } from './options';
export type { AlertOptions, FrequentOptions, SurgeOptions } from './options/alerts';
export type { BatchOptions, BeaconChannelOptions, BeaconOptions } from './options/beacon';
export type { BreakerOptions, BreakerOutcome, BurstOptions, SlowOptions } from './options/breaker';
export type { FallbackFunction, FallbackOptions } from './options/fallback';
export type { Limiter, LimitOptions } from './options/limit';
export type { RetryBudget, RetryContext, RetryOptions } from './options/retry';
export type { Limit, TimeoutInput, TimeoutOptions } from './options/timeout';
export type { BreakerEvent, BreakerSnapshot } from './policies/breaker';
export type { BreakerState } from './policies/breaker-state';
export type { FallbackKind, FallbackResponse } from './policies/fallback';
export type { Alert } from './telemetry/alerts';
export type { ClientEvents, EventHandler, EventType, FallbackEvent, LimitedEvent, RetryEvent } from './telemetry/events';
export type { AttemptRecord, CallRecord } from './telemetry/record';
export type { SeriesPoint } from './telemetry/series';
export type { EndpointStats } from './telemetry/stats';
export type { SuggestedLimits } from './telemetry/suggest';
export { withDeadline } from './with-deadline';
export type { AttemptSummary, BreakerReason, Kind, LimitName, Outcome, Phase, RefusedBy, StopReason, Timings } from './words';
