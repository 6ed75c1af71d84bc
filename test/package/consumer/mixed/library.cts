// A CommonJS library, by whose declarations axios and Breakwater are other modules than an ES module's.
import type { AxiosInstance } from 'axios';
import { type Client, createClient, Deadline, type RequestConfig } from 'breakwater';

export const client: Client = createClient();
export const deadline = new Deadline(5_000);
export const config: RequestConfig = { deadline };

/** As axios-mock-adapter takes an instance. */
export const adapt = (instance: AxiosInstance): AxiosInstance => instance;
