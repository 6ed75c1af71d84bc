// Runs what the documentation shows: each snippet in a process of its own, with the package as it is built and an upstream on loopback.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { healthy } from '../lab/healthy.mjs';
import { answer, every, httpUpstream } from '../lab/http.mjs';
import type { Upstream } from '../lab/types.mjs';

export const root = fileURLToPath(new URL('../../', import.meta.url));

export const read = (path: string): Promise<string> => readFile(join(root, path), 'utf8');

/** Loopback is reached directly, whatever proxy the machine has. */
export const directly = { ...process.env, NO_PROXY: '*' };

/** What the documentation calls its upstream. */
const EXAMPLE = 'https://api.example.com';

const run = promisify(execFile);

/** Milliseconds for a test that runs a snippet: some make hundreds of calls, and the machine may be busy. */
export const PATIENCE = 60_000;

/** The code blocks of a page, with the line each begins on. */
export function blocks(markdown: string, language: string): { code: string; line: number }[] {
  return [...markdown.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(({ 1: code = '', index }) => ({
    code,
    line: markdown.slice(0, index).split('\n').length,
  }));
}

/** What a snippet says that it prints: its `// =>` comments, in which `…` stands for anything. */
export function promised(code: string): RegExp {
  const lines = [...code.matchAll(/\/\/ => (.*)/g)].map(([, line = '']) => line.split('…').map(escaped).join('.*'));
  return new RegExp(`^${lines.join('\n')}$`);
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** What an error says besides where the machine was busy. */
const LATE = / The event loop was blocked for \d+ ms of it\./g;

export interface Snippets {
  url: string;
  /** Text with the example upstream's address replaced by that of the real one. */
  located(text: string): string;
  /** What the code prints. */
  run(code: string): Promise<string>;
  close(): Promise<void>;
}

export async function startSnippets(): Promise<Snippets> {
  const upstream = await startUpstream();
  const url = upstream.url.slice(0, -1);
  // There `breakwater` is this package, as npm would have installed it, and every other name is what it is here.
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-snippets-'));
  await mkdir(join(folder, 'snippets/node_modules'), { recursive: true });
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  await symlink(root, join(folder, 'snippets/node_modules/breakwater'));
  let count = 0;
  const located = (text: string): string => text.replaceAll(EXAMPLE, url);
  return {
    url,
    located,
    async run(code) {
      const file = join(folder, `snippets/${++count}.mjs`);
      await writeFile(file, located(code));
      upstream.reset();
      const { stdout, stderr } = await run(process.execPath, [file], { timeout: PATIENCE / 2, env: directly });
      return (stdout + stderr).replace(LATE, '').trim();
    },
    async close() {
      await upstream.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** The lab's healthy server, and a few paths that are not: their names say what is wrong with them. */
function startUpstream(): Promise<Upstream> {
  let calls = 0;
  const onReset = (): void => {
    calls = 0;
  };
  const start = httpUpstream(
    (exchange) => {
      const { req, res, url } = exchange;
      if (url.pathname === '/stall') return;
      if (url.pathname === '/flaky') return answer(res, ++calls > 2 ? 200 : 503, { ok: calls > 2 });
      if (url.pathname === '/busy') return answer(res.setHeader('Retry-After', '60'), 429, { ok: false });
      if (url.pathname !== '/drip') return healthy(exchange);
      res.writeHead(200).write('.');
      every(req.socket, 50, () => res.write('.'));
    },
    { onReset },
  );
  return start({ name: 'documentation', path: '/' });
}
