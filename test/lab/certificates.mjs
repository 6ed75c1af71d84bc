// One self-signed certificate for localhost and 127.0.0.1, made on first use, so that no secret is ever in the repository.

/** @type {Promise<{ key: string, cert: string }> | undefined} */
let made;

/** @returns {Promise<{ key: string, cert: string }>} PEM; `cert` is also the CA to trust. */
export function certificate() {
  made ??= make();
  return made;
}

async function make() {
  const { generate } = await import('selfsigned'); // slow to load, and most labs need none
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(Date.now() - 86_400_000), // a day, for clock skew
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyCertSign: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '127.0.0.2' },
        ],
      },
    ],
  });
  return { key, cert };
}
