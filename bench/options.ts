import { parseArgs } from 'node:util';

/** Options of the command line. A bench ignores those that it does not know. */
const described = {
  people: ['100k', 'number of people, such as 5000, 100k, 1m, 10m'],
  turns: ['3', 'number of times that consoles watch each broadcast (console)'],
  rounds: ['3', 'number of measurements of each thing; ratios are medians'],
  parts: ['expansion,first', 'measure only these parts (audience, console, http, push-faults)'],
  provider: ['fcm,apns', 'use only these push providers: fcm, apns, web-push, adm'],
  latency: ['0,20', "delay of the providers' answers, in milliseconds"],
  minutes: ['30', 'duration in minutes (soak)'],
  plot: ['soak.svg', 'file for the curves (soak)'],
  keep: ['folder', 'data folder that stays, and is used again on the same day (console)'],
  profile: ['folder', 'folder for a CPU profile of the server (email, http, push)'],
} as const satisfies Record<string, readonly [example: string, meaning: string]>;

type Name = keyof typeof described;

const flags = {
  ...Object.fromEntries(Object.keys(described).map((name) => [name, { type: 'string' }] as const)),
  verbose: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

const { values, positionals } = parseArgs({ args: process.argv.slice(2), options: flags, allowPositionals: true });
const given = values as Partial<Record<Name, string>> & { verbose?: boolean; help?: boolean };

/** Names of the benches to run. Empty: all. */
export const wantedBenches: readonly string[] = positionals;
export const isHelpWanted = given.help === true;
/** Prints each round, too. */
export const isVerbose = given.verbose === true;
export const peopleOption: string | undefined = given.people;
export const profileFolder: string | undefined = given.profile;
export const keptFolder: string | undefined = given.keep;
export const plotFile: string | undefined = given.plot;

export function help(benches: readonly string[]): string {
  const lines = Object.entries(described).map(([name, [example, meaning]]) =>
    `  --${name} ${example}`.padEnd(28).concat(meaning),
  );
  return [
    'npm run bench                      run all benches, and rewrite docs/bench.md section by section',
    'npm run bench -- push --latency 0  run one bench',
    '',
    `Benches: ${benches.join(', ')}`,
    '',
    ...lines,
    `  --verbose`.padEnd(28).concat('print each round'),
  ].join('\n');
}

export function listOption(name: Name, byDefault: readonly string[]): readonly string[] {
  return given[name]?.split(',') ?? byDefault;
}

export function numberOption(name: Name, byDefault: number): number {
  return given[name] === undefined ? byDefault : numberOf(name, given[name]);
}

export function numbersOption(name: Name, byDefault: readonly number[]): readonly number[] {
  return given[name]?.split(',').map((text) => numberOf(name, text)) ?? byDefault;
}

function numberOf(name: Name, text: string): number {
  const [, digits, unit] = /^(\d+)([km]?)$/i.exec(text) ?? [];
  if (digits === undefined)
    throw new Error(`--${name}: expected a number such as 20, 100k or 1m, got ${JSON.stringify(text)}`);
  return Number(digits) * { k: 1_000, m: 1_000_000, '': 1 }[unit?.toLowerCase() as 'k' | 'm' | ''];
}
