// The guides are true: each snippet prints what it says, each link leads somewhere, each option of a table exists and has the default it names.
import { readdir } from 'node:fs/promises';
import { join, normalize } from 'node:path/posix';
import axios from 'axios';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { collect } from '../../src/exporters/prometheus';
import { type ClientPolicies, protect } from '../../src/index';
import { defaultDeadline, mergeSettings } from '../../src/options';
import { DEFAULT_ALERTS } from '../../src/options/alerts';
import { beaconSettings } from '../../src/options/beacon';
import { DEFAULT_LIMITS } from '../../src/options/timeout';
import { LIMIT_NAMES } from '../../src/words';
import { blocks, PATIENCE, promised, read, root, type Snippets, startSnippets } from './snippets';

vi.setConfig({ testTimeout: PATIENCE });

/** How a block begins that shows a part of an example. */
const FROM = '// from ';

const guides = (await readdir(join(root, 'docs'))).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`);
const pages = new Map(await Promise.all(['README.md', ...guides].map(async (path) => [path, await read(path)] as const)));

/** A page without its code blocks: in those is no link, heading or table. */
const prose = (path: string): string => (pages.get(path) ?? '').replace(/^```[\s\S]*?^```/gm, '');

describe('the snippets', () => {
  let snippets: Snippets;
  beforeAll(async () => {
    snippets = await startSnippets();
  });
  afterAll(() => snippets.close());

  const all = guides.flatMap((path) => blocks(pages.get(path) ?? '', 'js').map(({ code, line }) => ({ where: `${path}:${line}`, code })));

  it.each(all.filter(({ code }) => !code.startsWith(FROM)))('$where prints what it says', async ({ code }) => {
    expect(await snippets.run(code)).toMatch(promised(snippets.located(code)));
  });

  it.each(all.filter(({ code }) => code.startsWith(FROM)))('$where stands in the example', async ({ code }) => {
    const [first = '', ...lines] = code.split('\n');
    expect(await read(join('docs', first.slice(FROM.length)))).toContain(lines.join('\n'));
  });
});

describe('the links', () => {
  const linksOf = (path: string): string[] =>
    [...prose(path).matchAll(/\]\(([^)\s]+)\)/g)].map(([, to = '']) => to).filter((to) => !/^[a-z]+:/.test(to));

  it.each([...pages.keys()])('of %s lead somewhere', async (from) => {
    for (const link of linksOf(from)) {
      const [path, anchor] = link.split('#');
      const target = path ? normalize(join(from, '..', path)) : from;
      const text = await read(target).catch(() => undefined);
      expect(text, `${link}: no such file`).toBeDefined();
      if (anchor !== undefined) expect(anchorsOf(target), link).toContain(anchor);
    }
  });

  it('of the table of contents lead to every guide', () => {
    expect(linksOf('docs/README.md')).toEqual(
      expect.arrayContaining(guides.map((path) => path.slice('docs/'.length)).filter((name) => name !== 'README.md')),
    );
  });

  it.each([...LIMIT_NAMES, 'deadline'])('to docs/errors.md#%s are possible', (limit) => {
    expect(anchorsOf('docs/errors.md')).toContain(limit);
  });
});

/** The anchors of a page, as GitHub makes them of its headings. */
const anchorsOf = (path: string): string[] =>
  [...prose(path).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  );

describe('the tables', () => {
  const NAMES = 'timeout|deadline|retry|breaker|limit|fallback|endpoint|deadlineHeader|propagateTrace|allowQueryValues|beacons|alerts';

  it.each(guides)('of %s name options that exist', (path) => {
    const codes = tablesOf(path).flatMap((table) =>
      [
        ...ours(table)
          .join()
          .matchAll(/`([^`]+)`/g),
      ].map(([, code = '']) => code),
    );
    for (const code of codes) {
      if (new RegExp(`^(${NAMES})(\\.\\w+)*$`).test(code)) expect(refusalOf(nested(code))).not.toContain('There is no such');
      else if (new RegExp(`^(${NAMES}): `).test(code)) expect(refusalOf(new Function(`return { ${code} }`)())).toBe('');
    }
  });

  const optionTables = guides.flatMap((path) => tablesOf(path).filter(([header]) => header?.join().startsWith('option,default')));

  it.each(optionTables.flatMap(([, ...rows]) => rows))('%s is %s by default', (option, value) => {
    const names = option.replaceAll('`', '').split('.');
    expect(shown(names.reduce<unknown>((settings, name) => (settings as Record<string, unknown> | undefined)?.[name], DEFAULTS))).toBe(
      value,
    );
  });

  it.each([
    { page: 'docs/errors.md', file: 'src/words.ts', type: 'StopReason', member: /\| '([\w-]+)'/g },
    { page: 'docs/beacons.md', file: 'src/beacon/sender.ts', type: 'DropReason', member: /\| '(\w+)'/g },
    { page: 'docs/telemetry.md', file: 'src/telemetry/events.ts', type: 'ClientEvents', member: /^ {2}(\w+): /gm },
  ])('of $page have a row for each $type', async ({ page, file, type, member }) => {
    const [, body = ''] = new RegExp(`type ${type} =([\\s\\S]*?)\\n(?:};)?\\n`).exec(`${await read(file)}\n`) ?? [];
    const words = [...body.matchAll(member)].map(([, word = '']) => `\`${word}\``);
    expect(words.length).toBeGreaterThan(8);
    expect(firstCells(page)).toEqual(expect.arrayContaining(words));
  });

  it('of docs/telemetry.md have a row for each metric of Prometheus', () => {
    const registry = new Registry();
    const client = protect(axios.create());
    const detach = collect(client, { registry });
    expect(firstCells('docs/telemetry.md')).toEqual(expect.arrayContaining(registry.getMetricsAsArray().map(({ name }) => `\`${name}\``)));
    detach();
    return client.close();
  });

  it('of docs/errors.md have a row for each warning', async () => {
    const files = (await readdir(join(root, 'src'), { recursive: true })).filter((name) => name.endsWith('.ts'));
    const source = (await Promise.all(files.map((name) => read(join('src', name))))).join('\n');
    const said =
      /(?:complain\(|isolated\(|consult\(|failed = |console\.warn\().*?['`]([^;,\n]* (?:failed|could not be made|keeps no answer)[^;,\n]*)[;,]/g;
    const warnings = [...source.matchAll(said)].map(([, text = '']) => text.replace(/\$\{\w+\}/g, '…'));
    expect(warnings.length).toBeGreaterThanOrEqual(10);
    const rows = firstCells('docs/errors.md').filter(Boolean) as string[];
    expect(warnings.filter((warning) => !rows.some((row) => warning.startsWith(row)))).toEqual([]);
  });

  const firstCells = (page: string): (string | undefined)[] => tablesOf(page).flatMap((table) => table.map(([first]) => first));
});

const DEFAULTS = {
  ...mergeSettings(undefined, { limit: {} }),
  timeout: DEFAULT_LIMITS,
  deadline: defaultDeadline({}),
  alerts: DEFAULT_ALERTS,
  beacons: beaconSettings(undefined),
};

/** As the tables write it: `–` is off. */
function shown(value: unknown): string {
  if (value === undefined || value === false) return '–';
  return typeof value === 'number' ? String(value).replace(/\B(?=(\d{3})+$)/g, ' ') : `\`'${value}'\``;
}

/** `a.b.c` as the object that has it. */
const nested = (path: string): unknown => path.split('.').reduceRight<unknown>((value, name) => ({ [name]: value }), {});

/** What a client that is given this says to it. */
function refusalOf(config: unknown): string {
  try {
    void protect(axios.create(), config as ClientPolicies).close();
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

/** The tables of a page, as rows of cells; the first row is the header. */
function tablesOf(path: string): string[][][] {
  return [...prose(path).matchAll(/(?:^\|.*\|\n)+/gm)].map(([table]) =>
    table
      .trim()
      .split('\n')
      .filter((row) => !/^\|[-|]+\|$/.test(row))
      .map((row) =>
        row
          .slice(1, -1)
          .split('|')
          .map((cell) => cell.trim()),
      ),
  );
}

/** The cells that speak of us: where another library stands beside ours, its options are its own. */
function ours([header = [], ...rows]: string[][]): string[] {
  const column = header.indexOf('Breakwater');
  return column < 0 ? [header, ...rows].flat() : rows.map((row) => row[column] ?? '');
}
