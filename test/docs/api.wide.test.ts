// The API reference is whole and true: nothing public is without a docstring, each {@link} leads somewhere, each option names its default,
// and that is the one in force. llms.txt names all of it.
import { join } from 'node:path';
import {
  Application,
  type DeclarationReflection,
  Logger,
  LogLevel,
  type ProjectReflection,
  ReflectionKind,
  TSConfigReader,
  TypeDocReader,
} from 'typedoc';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ClientConfig } from '../../src/index';
import { defaultDeadline, mergeSettings, type Settings } from '../../src/options';
import { alertSettings, DEFAULT_ALERTS } from '../../src/options/alerts';
import { beaconSettings, DEFAULT_BATCH } from '../../src/options/beacon';
import { DEFAULT_LIMITS, mergeLimits } from '../../src/options/timeout';
import { blocks, read, root } from './snippets';

/** What is in force, by the interface that describes it. */
const { retry, breaker, limit } = mergeSettings(undefined, { limit: {} }) as { [Name in keyof Settings]: Exclude<Settings[Name], false> };
const IN_FORCE: Record<string, unknown> = {
  TimeoutOptions: DEFAULT_LIMITS,
  RetryOptions: retry,
  RetryBudget: retry.budget,
  BreakerOptions: breaker,
  BurstOptions: breaker.burst,
  SlowOptions: breaker.slow,
  LimitOptions: limit,
  AlertOptions: DEFAULT_ALERTS,
  FrequentOptions: DEFAULT_ALERTS.frequent,
  SurgeOptions: DEFAULT_ALERTS.surge,
  BeaconChannelOptions: beaconSettings(undefined),
  BatchOptions: DEFAULT_BATCH,
};

class Said extends Logger {
  readonly lines: string[] = [];
  override log(message: string, level: LogLevel): void {
    if (level >= LogLevel.Warn) this.lines.push(message);
  }
}

const said = new Said();
let project: ProjectReflection;
beforeAll(async () => {
  const app = await Application.bootstrapWithPlugins({ options: join(root, 'typedoc.json'), logLevel: 'Error' }, [
    new TypeDocReader(),
    new TSConfigReader(),
  ]);
  app.logger = said;
  const converted = await app.convert();
  if (!converted) throw new Error(said.lines.join('\n'));
  project = converted;
  app.validate(project);
}, 60_000);

/** The interfaces of all four entry points. */
const interfaces = (): DeclarationReflection[] => project.getReflectionsByKind(ReflectionKind.Interface) as DeclarationReflection[];

/** The properties of those whose name fits. */
const propertiesOf = (name: RegExp): DeclarationReflection[] =>
  interfaces().flatMap((found) =>
    name.test(found.name) ? (found.children ?? []).filter(({ kind }) => kind === ReflectionKind.Property) : [],
  );

const OPTIONS = /Options$|^Policies$|^RetryBudget$/;

/** What a docstring says is the default, as it stands there. */
const defaultOf = ({ comment }: DeclarationReflection): string | undefined =>
  comment
    ?.getTag('@default')
    ?.content.map(({ text }) => text.replace(/^```ts\n|\n```$/g, ''))
    .join('');

const whole = (reflection: DeclarationReflection): string => `${reflection.parent?.name}.${reflection.name}`;

describe('the docstrings', () => {
  it('of the four entry points lack nothing, and their links lead somewhere', () => {
    expect(project.children?.map(({ name }) => name).sort()).toEqual([
      'breakwater',
      'breakwater/log',
      'breakwater/opentelemetry',
      'breakwater/prometheus',
    ]);
    expect(said.lines).toEqual([]);
  });

  it('of all options name a default', () => {
    const options = propertiesOf(OPTIONS).filter(({ flags }) => flags.isOptional);
    expect(options.length).toBeGreaterThan(70);
    expect(options.filter((option) => !defaultOf(option)).map(whole)).toEqual([]);
  });

  it('of all options name the default in force', () => {
    const compared: string[] = [];
    for (const option of propertiesOf(OPTIONS)) {
      const literal = literalOf(defaultOf(option) ?? '');
      const settings = IN_FORCE[option.parent?.name ?? ''];
      if (!literal || settings === undefined) continue;
      compared.push(whole(option));
      const inForce = (settings as Record<string, unknown>)[option.name];
      if (typeof literal.value === 'object') expect(inForce, whole(option)).toMatchObject(literal.value ?? {});
      else expect(inForce || undefined, whole(option)).toBe(literal.value || undefined);
    }
    expect(compared.length).toBeGreaterThan(50);
  });

  it('of all durations name their unit', () => {
    const durations = propertiesOf(OPTIONS).filter(({ name }) =>
      /^(?:\w*(?:Delay|After|For|Wait)|interval|window|cooldown|timeout)$/.test(name),
    );
    expect(durations.length).toBeGreaterThan(12);
    const textOf = ({ comment }: DeclarationReflection): string => comment?.summary.map(({ text }) => text).join('') ?? '';
    expect(durations.filter((option) => !/millisecond/i.test(textOf(option))).map(whole)).toEqual([]);
  });
});

/** A default that is a value, not a sentence: `none`, a number, a word in quotes, an object. */
function literalOf(text: string): { value: unknown } | undefined {
  if (text === 'none') return { value: undefined };
  return /^(?:-?[\d.]+|'[\w-]+'|\{.*\}|true|false)$/.test(text) ? { value: new Function(`return (${text})`)() } : undefined;
}

describe('llms.txt', async () => {
  const llms = await read('llms.txt');
  const words = new Set(llms.match(/\w+/g));
  const missing = (names: string[]): string[] => names.filter((name) => !words.has(name));

  it('is less than 8 kB', () => {
    expect(Buffer.byteLength(llms)).toBeLessThan(8_000);
  });

  it('names every option', () => {
    expect(missing(propertiesOf(OPTIONS).map(({ name }) => name))).toEqual([]);
  });

  it('has them at their defaults', () => {
    const [, code = ''] = blocks(llms, 'js').map((block) => /^createClient\((\{[\s\S]*?^\})\);/m.exec(block.code)?.[1] ?? '');
    const config = new Function(`return (${code})`)() as Required<ClientConfig>;
    expect(mergeLimits(DEFAULT_LIMITS, config.timeout)).toEqual(DEFAULT_LIMITS);
    expect(mergeSettings(undefined, config)).toEqual(mergeSettings(undefined, { limit: {} }));
    expect(config.deadline).toBe(defaultDeadline({}));
    expect(alertSettings(config.alerts)).toEqual(DEFAULT_ALERTS);
    expect(beaconSettings(config.beacons)).toEqual(beaconSettings(undefined));
    const { size, bytes, interval, format } = DEFAULT_BATCH;
    expect(llms.replaceAll('_', '')).toContain(`size: ${size}, bytes: ${bytes}, interval: ${interval}, format: '${format}'`);
  });

  it('names every function, event, field of a record, a snapshot, statistics and an error', () => {
    const named = /Event$|Record$|^Alert$|Snapshot$|Stats$|^SuggestedLimits$|^TimeoutFacts$/;
    const functions = project.getReflectionsByKind(ReflectionKind.Function).map(({ name }) => name);
    const aliases = project.getReflectionsByKind(ReflectionKind.TypeAlias) as DeclarationReflection[];
    const events = aliases.find(({ name }) => name === 'ClientEvents')?.children ?? [];
    expect(events).toHaveLength(9);
    expect(missing([...functions, ...[...propertiesOf(named), ...events].map(({ name }) => name)])).toEqual([]);
  });
});
