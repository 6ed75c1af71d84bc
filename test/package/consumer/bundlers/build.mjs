// Bundles a page's program as its users would, with a bundler's defaults for browsers: `build.mjs <bundler> <entry> <folder>` writes app.js.
import { join } from 'node:path';

const [bundler, entry, folder] = process.argv.slice(2);

const BUNDLERS = {
  async esbuild() {
    const { build } = await import('esbuild');
    await build({ entryPoints: [entry], bundle: true, outfile: join(folder, 'app.js'), logLevel: 'warning' });
  },
  async vite() {
    const { build } = await import('vite');
    const output = { entryFileNames: 'app.js' };
    await build({
      configFile: false,
      logLevel: 'warn',
      build: { outDir: folder, emptyOutDir: false, rollupOptions: { input: entry, output } },
    });
  },
  async webpack() {
    const { default: webpack } = await import('webpack');
    const stats = await new Promise((resolve, reject) => {
      webpack({ mode: 'production', entry, output: { path: folder, filename: 'app.js' } }, (error, done) =>
        error ? reject(error) : resolve(done),
      );
    });
    if (stats.hasErrors()) throw new Error(stats.toString('errors-only'));
  },
  async rollup() {
    const { rollup } = await import('rollup');
    const { nodeResolve } = await import('@rollup/plugin-node-resolve');
    const { default: commonjs } = await import('@rollup/plugin-commonjs');
    const bundle = await rollup({ input: entry, plugins: [nodeResolve({ browser: true }), commonjs()] });
    await bundle.write({ file: join(folder, 'app.js'), format: 'iife' });
    await bundle.close();
  },
};

await BUNDLERS[bundler]();
