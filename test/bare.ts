// The package with only its timeouts on by default, for tests of these alone: no failure is repeated, no endpoint is cut off.
import type { AxiosInstance } from 'axios';
import { type Client, type ClientConfig, createClient as create, protect as guard, type Policies } from '../src/index';

export * from '../src/index';

const BARE = { retry: false, breaker: false } as const;

export const createClient = (config: ClientConfig = {}): Client => create({ ...BARE, ...config });

export const protect = (instance: AxiosInstance, policies: Policies = {}): Client => guard(instance, { ...BARE, ...policies });
