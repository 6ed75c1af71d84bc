// Reads a stream that a call handed out: to its end, in part, or not at all. Nothing of it may outlive its reader.

import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

/** @param {unknown} data @param {import('./random.mjs').Random} random @param {(way: string) => void} tell */
export async function readSome(data, random, tell) {
  const way = random.one(['all', 'some', 'none']);
  if (data instanceof Readable && !data.destroyed) {
    tell(way);
    await readNode(data, way);
  } else if (data instanceof ReadableStream && !data.locked) {
    tell(`${way}, of the web`);
    await readWeb(data, way);
  }
}

/** @param {Readable} stream @param {string} way */
async function readNode(stream, way) {
  stream.on('error', () => {}); // the faults are meant to cut it short
  const closed = new Promise((resolve) => stream.once('close', resolve));
  if (way === 'all') stream.resume();
  else if (way === 'some') stream.once('data', () => stream.destroy()).once('end', () => stream.destroy());
  else await sleep(20);
  if (way === 'none') stream.destroy();
  await closed;
}

/** @param {ReadableStream} stream @param {string} way */
async function readWeb(stream, way) {
  const reader = stream.getReader();
  try {
    if (way === 'some') await reader.read();
    while (way === 'all' && !(await reader.read()).done);
    await reader.cancel();
  } catch {
    // The stream was cut short.
  }
}
