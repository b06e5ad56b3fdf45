import { parseArgs } from 'node:util';

/** What can be chosen at the command line. A bench takes what it knows; the rest have no meaning to it. */
const described = {
  people: ['100k', 'how many people: a number, or 100k, 1m, 10m'],
  rounds: ['3', 'how often each thing is measured; ratios are medians'],
  parts: ['expansion,first', 'only these parts: of audience, of push-faults'],
  provider: ['fcm,apns', 'only these push providers: fcm, apns, web-push, adm'],
  latency: ['0,20', 'milliseconds in which push providers answer'],
  profile: ['folder', 'where the server writes a CPU profile (push)'],
} as const satisfies Record<string, readonly [example: string, meaning: string]>;

type Name = keyof typeof described;

const flags = {
  ...Object.fromEntries(Object.keys(described).map((name) => [name, { type: 'string' }] as const)),
  verbose: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

const { values, positionals } = parseArgs({ args: process.argv.slice(2), options: flags, allowPositionals: true });
const given = values as Partial<Record<Name, string>> & { verbose?: boolean; help?: boolean };

/** The benches that were asked for; empty = all. */
export const wantedBenches: readonly string[] = positionals;
export const isHelpWanted = given.help === true;
/** Each round is told of, besides the table. */
export const isVerbose = given.verbose === true;
export const peopleOption: string | undefined = given.people;
export const profileFolder: string | undefined = given.profile;

export function help(benches: readonly string[]): string {
  const lines = Object.entries(described).map(([name, [example, meaning]]) =>
    `  --${name} ${example}`.padEnd(28).concat(meaning),
  );
  return [
    'npm run bench                      everything; docs/bench.md is rewritten section by section',
    'npm run bench -- push --latency 0  one bench',
    '',
    `Benches: ${benches.join(', ')}`,
    '',
    ...lines,
    `  --verbose`.padEnd(28).concat('tell of each round'),
  ].join('\n');
}

export function listOption(name: Name, usual: readonly string[]): readonly string[] {
  return given[name]?.split(',') ?? usual;
}

export function numberOption(name: Name, usual: number): number {
  return given[name] === undefined ? usual : numberOf(name, given[name]);
}

export function numbersOption(name: Name, usual: readonly number[]): readonly number[] {
  return given[name]?.split(',').map((text) => numberOf(name, text)) ?? usual;
}

function numberOf(name: Name, text: string): number {
  const [, digits, unit] = /^(\d+)([km]?)$/i.exec(text) ?? [];
  if (digits === undefined) throw new Error(`--${name}: ${JSON.stringify(text)} is no number, such as 20, 100k or 1m`);
  return Number(digits) * { k: 1_000, m: 1_000_000, '': 1 }[unit?.toLowerCase() as 'k' | 'm' | ''];
}
