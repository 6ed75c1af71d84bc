/** The options of an exporter. */
import { badOption } from '../errors/bad-option';
import { isOptions } from '../util/is-options';

/** What was given, or no options. Refuses other names: a typo would change nothing, in silence. */
export function optionsOf<T extends object>(given: T | undefined, ...names: readonly (keyof T & string)[]): Partial<T> {
  if (given === undefined) return {};
  if (!isOptions(given)) throw badOption('options', given, 'It takes an object.');
  for (const [name, value] of Object.entries(given))
    if (!(names as readonly string[]).includes(name))
      throw badOption(name, value, `There is no such option. The options are ${names.join(', ')}.`);
  return given;
}
