// Formats options as the code that sets them, where the client runs.

/**
 * A client with these options: from the script tag, as the page has it, or imported.
 * @param {object} options
 * @param {boolean} isTag
 */
export const asProgram = (options, isTag) =>
  isTag
    ? `// The script tag's global. A bundled page\n// imports it, as the Node backend does.\nconst api = Breakwater.createClient(${asCode(options)});`
    : `import { createClient } from 'breakwater';\n\nconst api = createClient(${asCode(options)});`;

/**
 * The value as JavaScript: short objects on one line, long ones over several.
 * @param {unknown} value
 * @param {string} [indent]
 * @returns {string}
 */
function asCode(value, indent = '') {
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'number') return String(value).replace(/\B(?=(\d{3})+$)/g, '_');
  if (typeof value !== 'object' || value === null) return String(value);
  const fields = Object.entries(value).map(([name, field]) => `${name}: ${asCode(field, `${indent}  `)}`);
  const line = `{ ${fields.join(', ')} }`;
  if (line.length + indent.length < 50 && !line.includes('\n') && indent) return line;
  return `{\n${fields.map((field) => `${indent}  ${field},\n`).join('')}${indent}}`;
}
