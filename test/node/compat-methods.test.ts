// A client is one more axios instance: by type, and with every method of one.
import axios, { type AxiosInstance, type AxiosStatic } from 'axios';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, expectTypeOf, it } from 'vitest';
import { type Client, createClient } from '../bare';
import { startLab } from '../lab/index.mjs';

let lab: Awaited<ReturnType<typeof startLab>>;
let client: Client;
beforeAll(async () => {
  lab = await startLab({ only: ['healthy'] });
});
afterAll(() => lab.close());
beforeEach(() => {
  client = createClient({ baseURL: lab.url('healthy'), proxy: false });
});
afterEach(() => client.close());

describe('a client is an axios instance', () => {
  it('by type', () => {
    expectTypeOf<Client>().toExtend<AxiosInstance>();
    expectTypeOf(client.get<{ ok: boolean }>('/')).resolves.toHaveProperty('data').toEqualTypeOf<{ ok: boolean }>();
    const takesInstance = (instance: AxiosInstance): string => typeof instance.request;
    expect(takesInstance(client)).toBe('function');
    // @ts-expect-error: axios' own statics are not an instance's
    expectTypeOf<Client>().toExtend<AxiosStatic>();
  });

  it('with every method of one', () => {
    const instance = axios.create();
    for (const name of Object.keys(instance)) expect(client, name).toHaveProperty(name);
    for (const [name, value] of Object.entries(instance)) {
      expect(typeof client[name as keyof Client], name).toBe(typeof value);
    }
  });

  it('that can be called', async () => {
    expect((await client('/a')).data.path).toBe('/a');
    expect((await client('/a', { method: 'put' })).data.method).toBe('PUT');
    expect((await client({ url: '/a', method: 'delete' })).data.method).toBe('DELETE');
    expect((await client.request({ url: '/a' })).data.path).toBe('/a');
    expect((await client.request('/a' as never)).data.path).toBe('/a');
  });

  it.each(['get', 'delete', 'options', 'head'] as const)('with %s', async (method) => {
    const { data, status, config } = await client[method]('/a', { params: { q: 1 } });
    expect(config.method).toBe(method);
    expect(status).toBe(method === 'options' ? 204 : 200);
    if (method === 'get' || method === 'delete') expect(data).toMatchObject({ method: method.toUpperCase(), path: '/a?q=1' });
  });

  it.each(['post', 'put', 'patch', 'query'] as const)('with %s', async (method) => {
    const { data } = await client[method]('/a', { x: 1 }, { headers: { 'x-h': '1' } });
    expect(data).toMatchObject({ method: method.toUpperCase(), body: '{"x":1}' });
    expect(data.headers).toMatchObject({ 'content-type': 'application/json', 'x-h': '1' });
  });

  it.each(['postForm', 'putForm', 'patchForm'] as const)('with %s', async (method) => {
    const { data } = await client[method]('/a', { x: 1 }, { headers: { 'x-h': '1' } });
    expect(data.method).toBe(method.replace('Form', '').toUpperCase());
    expect(data.headers['content-type']).toMatch(/^multipart\/form-data; boundary=/);
    expect(data.headers['x-h']).toBe('1');
    expect(data.body).toContain('name="x"');
  });

  it('with getUri and create', async () => {
    expect(client.getUri({ url: '/a', params: { b: 1 } })).toBe(`${lab.url('healthy').replace(/\/$/, '')}/a?b=1`);
    const child = client.create({ headers: { 'x-child': '1' } });
    const { data } = await child.get('/');
    expect(data.headers['x-child']).toBe('1');
    expect((await client.get('/')).data.headers).not.toHaveProperty('x-child');
    child.interceptors.request.use(() => Promise.reject(new Error('child only')));
    expect((await client.get('/')).status).toBe(200);
    await child.close();
  });
});
