// Builds what is published: for each platform ESM, CommonJS and declarations for both, and one minified file for a script tag.
// `--configOnly library` or `--configOnly script-tag` builds these by themselves, as `npm test` does at the same time.
// To publish another exporter as a subpath of the package, add its name to EXPORTERS.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import commonjs from '@rollup/plugin-commonjs';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import terser from '@rollup/plugin-terser';
import { transform } from 'esbuild';
import { dts } from 'rollup-plugin-dts';
import ts from 'typescript';

const pkg = JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8'));
const banner = `/*! ${pkg.name} v${pkg.version} | ${pkg.license} */`;

/** What differs between the builds: what `#platform` means. */
const PLATFORMS = { node: 'src/transport/node/index.ts', browser: 'src/transport/web/index.ts' };

/** Subpaths of the package: src/exporters/log.ts becomes dist/log.js, the same for every platform. */
const EXPORTERS = ['log', 'opentelemetry', 'prometheus'];

/** @typedef {keyof typeof PLATFORMS} Platform */

/** Dependencies are not bundled, so that we share the user's copies, except in the script-tag file. */
const dependencies = Object.keys({ ...pkg.dependencies, ...pkg.peerDependencies });
const external = (/** @type {string} */ id) =>
  id.startsWith('node:') || dependencies.some((name) => id === name || id.startsWith(`${name}/`));

const transport = (/** @type {Platform} */ platform) => fileURLToPath(new URL(PLATFORMS[platform], import.meta.url));

const { compilerOptions } = ts.readConfigFile('tsconfig.json', ts.sys.readFile).config;
const { options } = ts.convertCompilerOptionsFromJson({ ...compilerOptions, sourceMap: true }, '.');

/** What a file was last compiled to, by its name: it is the same on every platform. */
const compiled = new Map();

/**
 * Compiles each file by itself, as `isolatedModules` permits, in a fifth of the time that the whole program takes, which `npm run types` checks.
 * @returns {import('rollup').Plugin}
 */
const compile = (/** @type {Platform} */ platform) => ({
  name: 'typescript',
  resolveId: (id) => (id === '#platform' ? transport(platform) : null),
  transform(code, fileName) {
    if (!fileName.endsWith('.ts')) return null;
    const last = compiled.get(fileName);
    if (last?.of === code) return last.output; // in `rollup --watch` it may have changed
    const { outputText, sourceMapText, diagnostics } = ts.transpileModule(code, {
      fileName,
      compilerOptions: options,
      reportDiagnostics: true,
    });
    for (const { messageText, start } of diagnostics ?? []) this.error(ts.flattenDiagnosticMessageText(messageText, '\n'), start);
    const output = { code: outputText, map: sourceMapText ?? null };
    compiled.set(fileName, { of: code, output });
    return output;
  },
});

// Built-ins are their own default export; a package may be transpiled ESM, which only its __esModule mark tells.
const interop = (/** @type {string | null} */ id) => (id?.startsWith('node:') ? 'default' : 'auto');

/** One entry for one platform: code and declarations, for import and for require. */
function library(/** @type {Platform} */ platform, /** @type {string} */ input, /** @type {string} */ name) {
  const file = `dist/${name}`;
  const resolve = nodeResolve({ exportConditions: [platform], extensions: ['.ts', '.js'] });
  return [
    {
      input,
      external,
      plugins: [compile(platform), resolve],
      output: [
        { file: `${file}.js`, format: 'es', sourcemap: true, banner },
        { file: `${file}.cjs`, format: 'cjs', sourcemap: true, banner, interop, exports: 'named' },
      ],
    },
    {
      input,
      external,
      plugins: [
        dts({ tsconfig: './tsconfig.json', compilerOptions: { stripInternal: true, paths: { '#platform': [transport(platform)] } } }),
      ],
      output: [{ file: `${file}.d.ts` }, { file: `${file}.d.cts` }],
    },
  ];
}

/**
 * Writes the hash for a page's `integrity="…"`, by which a browser refuses a file that was changed on a CDN.
 * @type {import('rollup').Plugin}
 */
const integrity = {
  name: 'integrity',
  generateBundle(_options, bundle) {
    const files = Object.fromEntries(
      Object.values(bundle)
        .filter((output) => output.type === 'chunk')
        .map((chunk) => [chunk.fileName, `sha384-${createHash('sha384').update(chunk.code).digest('base64')}`]),
    );
    this.emitFile({ type: 'asset', fileName: 'integrity.json', source: `${JSON.stringify({ version: pkg.version, files }, null, 2)}\n` });
  },
};

/** What the script-tag file points to: MIT and Apache ask for their notices in every copy, and the minifier drops comments. */
const NOTICES = 'breakwater.min.js.LICENSE.txt';

/** The folder of the package that a module is from. */
const PACKAGE = /^\0?(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/;

/**
 * Emits the licence of each package whose code is in the bundle.
 * @type {import('rollup').Plugin}
 */
const notices = {
  name: 'notices',
  generateBundle(_options, bundle) {
    const modules = Object.values(bundle).flatMap((output) => (output.type === 'chunk' ? Object.entries(output.modules) : []));
    const folders = modules.flatMap(([id, { renderedLength }]) => (renderedLength > 0 ? (PACKAGE.exec(id)?.[1] ?? []) : []));
    const texts = [...new Set(folders)].sort().map((folder) => {
      const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      const file = readdirSync(folder).find((found) => /^licen[cs]e/i.test(found));
      if (!file) this.error(`${name} has no licence file`);
      return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
    });
    this.emitFile({ type: 'asset', fileName: NOTICES, source: texts.join(`\n${'-'.repeat(80)}\n\n`) });
  },
};

/**
 * Emits the rules for Prometheus and the dashboard for Grafana.
 * @type {import('rollup').Plugin}
 */
const forTheFleet = {
  name: 'for-the-fleet',
  generateBundle() {
    for (const name of ['breakwater.rules.yml', 'breakwater.dashboard.json']) {
      const source = readFileSync(new URL(`./src/exporters/prometheus/${name}`, import.meta.url), 'utf8');
      this.emitFile({ type: 'asset', fileName: `prometheus/${name}`, source });
    }
  },
};

/**
 * Each pass finds what the previous one made superfluous. `pure_getters`: no getter in the file is read for a side effect.
 * @type {import('@rollup/plugin-terser').Options}
 */
const MINIFY = { maxWorkers: 1, ecma: 2020, compress: { passes: 3, pure_getters: true } };

/**
 * Lets each class name its private members anew, `#a`, `#b`, …, where the minifier finds a name of its own for each in the file.
 * @type {import('rollup').Plugin}
 */
const privateNames = {
  name: 'private-names',
  async renderChunk(code) {
    const { code: renamed, map } = await transform(code, { minifyIdentifiers: true, target: 'es2022', sourcemap: 'external' });
    return { code: renamed, map };
  },
};

/** The file for a script tag: every dependency bundled, one global. */
const scriptTag = {
  input: 'src/index.ts',
  plugins: [compile('browser'), nodeResolve({ browser: true, extensions: ['.ts', '.mjs', '.js', '.json'] }), commonjs()],
  output: {
    file: 'dist/breakwater.min.js',
    format: 'iife',
    name: 'Breakwater',
    exports: 'named',
    sourcemap: true,
    banner: banner.replace(' */', ` | axios and others inside: ${NOTICES} */`),
    plugins: [privateNames, terser(MINIFY), integrity, notices, forTheFleet],
  },
};

const BUILDS = {
  library: [
    ...library('node', 'src/index.ts', 'node'),
    ...library('browser', 'src/index.ts', 'browser'),
    ...EXPORTERS.flatMap((name) => library('browser', `src/exporters/${name}.ts`, name)),
  ],
  'script-tag': [scriptTag],
};

export default (/** @type {{ configOnly?: keyof typeof BUILDS }} */ { configOnly }) =>
  configOnly ? BUILDS[configOnly] : Object.values(BUILDS).flat();
