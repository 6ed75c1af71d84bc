// Formats options as the code that sets them.

/**
 * The value as JavaScript: short objects on one line, long ones over several.
 * @param {unknown} value
 * @param {string} [indent]
 * @returns {string}
 */
export function asCode(value, indent = '') {
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'number') return String(value).replace(/\B(?=(\d{3})+$)/g, '_');
  if (typeof value !== 'object' || value === null) return String(value);
  const fields = Object.entries(value).map(([name, field]) => `${name}: ${asCode(field, `${indent}  `)}`);
  const line = `{ ${fields.join(', ')} }`;
  if (line.length + indent.length < 50 && !line.includes('\n') && indent) return line;
  return `{\n${fields.map((field) => `${indent}  ${field},\n`).join('')}${indent}}`;
}
