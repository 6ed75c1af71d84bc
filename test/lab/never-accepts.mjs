// Runs as a worker thread: listens, reports its port, and blocks its event loop for good, so that nothing is ever accepted.
// A thread rather than a process, so that it cannot outlive the one that started it.

import { createServer } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

const server = createServer();
server.on('error', (error) => {
  throw error; // reaches the parent as the worker's 'error'
});
server.listen({ ...workerData, backlog: 1 }, () => {
  parentPort?.postMessage(server.address());
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});
