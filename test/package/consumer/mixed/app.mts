// An ES module that shares clients and deadlines with a CommonJS library.
import { type Client, createClient, Deadline, protect, type RequestConfig } from 'breakwater';
import { logTo } from 'breakwater/log';
import * as library from './library.cjs';

export const client: Client = library.client;
export const config: RequestConfig = library.config;
library.adapt(client);
logTo(protect(library.client), console);
await createClient().get('/', { deadline: library.deadline });
await library.client.get('/', { deadline: new Deadline(5_000, library.deadline) });
