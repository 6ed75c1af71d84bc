// What an exporter labels with of an endpoint, and that it is few whatever is called; and why an attempt failed, in one word.
import { describe, expect, it } from 'vitest';
import { EndpointLabels, type EndpointParts, type Named, OTHER, partsOf } from '../../src/exporters/endpoint-labels';
import { errorTypeOf } from '../../src/exporters/error-type';
import { OTHER as STATS_OTHER } from '../../src/telemetry/stats';

describe('the parts of an endpoint', () => {
  it.each<[Named, EndpointParts]>([
    [
      { endpoint: 'GET https://api.test/users/:id', method: 'GET', url: 'https://api.test/users/1?a=REDACTED' },
      { method: 'GET', serverAddress: 'api.test', serverPort: 443, template: '/users/:id' },
    ],
    [{ endpoint: 'POST http://api.test/' }, { method: 'POST', serverAddress: 'api.test', serverPort: 80, template: '/' }],
    [{ endpoint: 'GET http://[::1]:8080/x' }, { method: 'GET', serverAddress: '::1', serverPort: 8080, template: '/x' }],
    // A breaker may be kept per origin.
    [{ endpoint: 'https://api.test:8443' }, { serverAddress: 'api.test', serverPort: 8443 }],
    [{ endpoint: 'GET foo://host/a' }, { method: 'GET', serverAddress: 'host', template: '/a' }],
    // Where it is sent decides, whatever the name says.
    [
      { endpoint: 'GET https://name.test/a', method: 'PUT', url: 'https://real.test/b' },
      { method: 'PUT', serverAddress: 'real.test', serverPort: 443, template: '/a' },
    ],
    // Named by the user.
    [
      { endpoint: 'users', method: 'GET', url: 'https://api.test/users/1' },
      { method: 'GET', serverAddress: 'api.test', serverPort: 443, endpoint: 'users' },
    ],
    [{ endpoint: 'users' }, { endpoint: 'users' }],
    [{ endpoint: 'GET users' }, { endpoint: 'GET users' }],
    [{ endpoint: '/users' }, { endpoint: '/users' }],
    [{ endpoint: 'GET ' }, { endpoint: 'GET ' }],
    [{ endpoint: '' }, { endpoint: '' }],
    // No server.
    [
      { endpoint: 'GET /users/:id', method: 'GET', url: '/users/1' },
      { method: 'GET', template: '/users/:id' },
    ],
    [
      { endpoint: 'GET data:', method: 'GET', url: 'data:' },
      { method: 'GET', endpoint: 'GET data:' },
    ],
    [
      { endpoint: 'GET http://bad[host/a', method: 'GET', url: 'http://bad[host/a' },
      { method: 'GET', template: '/a' },
    ],
    // Nobody's method: an endless number of words.
    [
      { endpoint: 'BREW http://pot.test/', method: 'BREW', url: 'http://pot.test/' },
      { method: OTHER, serverAddress: 'pot.test', serverPort: 80, template: '/' },
    ],
    [
      { endpoint: 'M-SEARCH http://pot.test/:id', method: 'M-SEARCH', url: 'http://pot.test/7' },
      { method: OTHER, serverAddress: 'pot.test', serverPort: 80, template: '/:id' },
    ],
    [{ endpoint: "M0!#$%&'*+-.^_`|~ /a" }, { method: OTHER, template: '/a' }],
    // Nor anybody's: a method has none of these characters.
    [{ endpoint: 'Get /a' }, { endpoint: 'Get /a' }],
    [{ endpoint: 'USERS: /a' }, { endpoint: 'USERS: /a' }],
  ])('%j', (named, parts) => {
    expect(partsOf(named)).toEqual(parts);
  });

  it('have no user and no password', () => {
    const parts = partsOf({ endpoint: 'GET https://user:s3cret@api.test/a', url: 'https://user:s3cret@api.test/a' });
    expect(parts).toEqual({ method: 'GET', serverAddress: 'api.test', serverPort: 443, template: '/a' });
  });
});

describe('the labels of an exporter', () => {
  it('are those of the first 200 endpoints', () => {
    const labels = new EndpointLabels();
    const all = Array.from({ length: 1_000 }, (_, i) => labels.label(`name ${i}`));
    expect(all.slice(0, 200)).toEqual(Array.from({ length: 200 }, (_, i) => `name ${i}`));
    expect(new Set(all.slice(200))).toEqual(new Set([OTHER]));
    expect(labels.label('name 7')).toBe('name 7');
    expect(labels.label('name 777')).toBe(OTHER);
    expect(OTHER).toBe(STATS_OTHER);
  });

  it('tell of the rest the method alone', () => {
    const labels = new EndpointLabels();
    const hosts = Array.from({ length: 1_000 }, (_, i) => {
      const url = `https://host-${i}.test/a`;
      return labels.partsOf({ endpoint: `GET ${url}`, method: 'GET', url });
    });
    expect(hosts[199]).toEqual({ method: 'GET', serverAddress: 'host-199.test', serverPort: 443, template: '/a' });
    expect(hosts[200]).toEqual({ method: 'GET', endpoint: OTHER });
    expect(new Set(hosts.map((parts) => JSON.stringify(parts))).size).toBe(201);
  });

  it('name at most 200 servers, though one name stands for all of them', () => {
    const labels = new EndpointLabels();
    const hosts = Array.from({ length: 1_000 }, (_, i) =>
      labels.partsOf({ endpoint: 'tenants', method: 'GET', url: `https://t${i}.test/` }),
    );
    expect(hosts[199]).toEqual({ method: 'GET', serverAddress: 't199.test', serverPort: 443, endpoint: 'tenants' });
    expect(hosts[200]).toEqual({ method: 'GET', endpoint: 'tenants' });
    expect(labels.partsOf({ endpoint: 'tenants' })).toEqual({ endpoint: 'tenants' });
  });
});

describe('the type of an error', () => {
  it.each<[Parameters<typeof errorTypeOf>[0], string | undefined]>([
    [{ outcome: 'success', status: 200 }, undefined],
    [{ outcome: 'success', status: 404 }, undefined], // the user's validateStatus lets it pass
    [{ outcome: 'canceled', code: 'ERR_CANCELED' }, undefined],
    [{ outcome: 'timeout', code: 'ETIMEDOUT', status: 200 }, 'timeout'],
    [{ outcome: 'http-error', code: 'ERR_BAD_RESPONSE', status: 503 }, '503'],
    [{ outcome: 'http-error', status: 304 }, '304'],
    [{ outcome: 'http-error', code: 'ERR_BAD_RESPONSE', status: 200 }, 'ERR_BAD_RESPONSE'],
    [{ outcome: 'http-error', status: 200 }, '200'],
    [{ outcome: 'error', code: 'ECONNRESET', status: 200 }, 'ECONNRESET'],
    [{ outcome: 'error', code: 'ECONNREFUSED' }, 'ECONNREFUSED'],
    [{ outcome: 'error' }, OTHER],
    [{ outcome: 'error', code: 'user 42 is gone' }, OTHER],
    [{ outcome: 'error', code: 'X'.repeat(65) }, OTHER],
  ])('%j is %s', (record, type) => {
    expect(errorTypeOf(record)).toBe(type);
  });
});
