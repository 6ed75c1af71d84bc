// Resolves every import of src/util/complain.ts to test/setup/complain.ts instead.
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';

const WATCHED = fileURLToPath(new URL('complain.ts', import.meta.url));

export const watchesDefects: Plugin = {
  name: 'watches-defects',
  enforce: 'pre',
  resolveId: (source, importer) => (/(\/util|^\.)\/complain$/.test(source) && importer !== WATCHED ? WATCHED : undefined),
};
