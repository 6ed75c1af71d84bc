// Faults while the request body is being sent: a peer that does not read, reads slowly, or has already answered.
// A stopped reader stops the sender only once the kernel's buffers are full: about 3 MB on Linux, so uploads here are 8 MiB.

import { after, answer, httpUpstream } from './http.mjs';

/** @import { Definition } from './types.mjs' */

const UPLOAD = 8 * 1024 * 1024; // bytes
const SIP = 65_536; // bytes
const SIP_EVERY = 20; // ms

/** @type {Definition[]} */
export const uploadFaults = [
  {
    name: 'never-reads',
    title: 'Upload to nobody',
    what: 'The server reads the headers and nothing of the upload, so sending comes to a standstill.',
    browser: true,
    expect: { limit: 'send', phase: 'send', kind: 'write' },
    upload: UPLOAD,
    start: httpUpstream(({ req }) => {
      req.pause();
    }),
  },
  // Chromium reads no response before an upload this large is sent, so there it waits, as for never-reads.
  {
    name: 'early-413',
    title: 'Refused while still uploading',
    what: 'Answers 413 on seeing the headers and reads nothing of the upload: the answer counts, though sending never ends.',
    browser: true,
    expect: undefined,
    upload: UPLOAD,
    start: httpUpstream(({ res }) => {
      const body = `${JSON.stringify({ ok: false, error: 'too large' })}\n`;
      res.writeHead(413, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) });
      res.write(body); // complete for the peer; end() would make Node read the whole upload
    }),
  },
  {
    name: 'slow-reader',
    title: 'Slow but complete upload',
    what: 'Reads the upload at about 3 MB/s, all of it, and then answers: slow, and healthy.',
    browser: true,
    expect: undefined,
    upload: UPLOAD,
    start: httpUpstream(({ req, res }) => {
      let sip = 0;
      let bytes = 0;
      req.on('data', (/** @type {Buffer} */ chunk) => {
        sip += chunk.length;
        bytes += chunk.length;
        if (sip < SIP) return;
        sip = 0;
        req.pause();
        after(req.socket, SIP_EVERY, () => req.resume());
      });
      req.on('end', () => answer(res, 200, { ok: true, bytes }));
    }),
  },
];
