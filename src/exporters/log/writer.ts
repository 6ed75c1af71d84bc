/** Writes a line to a logger, whose kind is recognised by its methods. */
import { badOption } from '../../errors/bad-option';
import { isolated } from '../../util/isolated';
import type { LogLine } from './lines';

/** Takes a line and its message for people. */
export type LogFunction = (line: LogLine, message: string) => unknown;

/** Anything with a `warn` method: console, pino, winston, or what takes `warn(message, fields)` as winston does. */
export interface WarnLogger {
  /** Called as that logger expects: see {@link logTo}. */
  warn(...args: never[]): unknown;
}

type Warn = { warn(...args: unknown[]): unknown };

/**
 * Returns a function that writes to the logger. One that throws, or rejects, is reported once and harms nobody.
 *
 * @throws AxiosError `ERR_BAD_OPTION_VALUE` if it is no logger
 */
export const writerTo = (logger: LogFunction | WarnLogger): ((line: LogLine, message: string) => void) =>
  isolated(styleOf(logger), 'the logger given to logTo failed; nothing else is affected.', logger);

/** `warn` is looked up for each line: pino replaces its methods when the level changes. */
function styleOf(logger: unknown): LogFunction {
  if (typeof logger === 'function') return logger as LogFunction;
  if (typeof (logger as Partial<Warn> | null | undefined)?.warn !== 'function')
    throw badOption(
      'logger',
      logger,
      'It takes console, a pino or winston logger (anything with warn(message, fields)), or a function (line, message) => void.',
    );
  const target = logger as Warn;
  if (isConsole(target)) return (line, message) => writeToConsole(target, line, message);
  if (isPino(target)) return (line, message) => target.warn(line, message);
  return (line, message) => target.warn(message, line);
}

const isConsole = (logger: object): boolean => ['dir', 'group'].every((name) => typeof logger[name as keyof object] === 'function');

/** Recognises child loggers and pino's browser build as well. */
const isPino = (logger: object): boolean => 'levels' in logger && 'bindings' in logger && typeof logger.bindings === 'function';

/** A page's console shows an expandable object. Any other spreads it over several lines, which no log collector joins again. */
const writeToConsole = (target: Warn, line: LogLine, message: string): unknown =>
  typeof document === 'object'
    ? target.warn(`breakwater: ${message}`, line)
    : target.warn(`breakwater: ${message} ${escaped(JSON.stringify(line))}`);

/** JSON leaves some control characters and line separators as they are; a terminal or a log collector may act on them. */
const escaped = (json: string): string =>
  json.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
