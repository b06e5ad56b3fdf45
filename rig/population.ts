// The people of a bench: the same number always gives the same person. `node scripts/run.mjs rig/population.ts 1000000 >
// people.ndjson` writes them as a file for `cresset users import`; `--format csv` writes CSV.
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { parseArgs } from 'node:util';

const firstNames = [
  'Ada',
  'Grace',
  'Alan',
  'Edsger',
  'Barbara',
  'Donald',
  'Frances',
  'Ken',
  'Radia',
  'Tony',
  'Zoë',
  'José',
];
const lastNames = ['Lovelace', 'Hopper', 'Turing', 'Liskov', 'Knuth', 'Allen', 'Thompson', 'Perlman', 'Hoare', 'Gödel'];
const places = [
  ['US', 'en', 'America/New_York', 'New York'],
  ['DE', 'de', 'Europe/Berlin', 'Berlin'],
  ['AT', 'de', 'Europe/Vienna', 'Vienna'],
  ['FR', 'fr', 'Europe/Paris', 'Paris'],
  ['JP', 'ja', 'Asia/Tokyo', 'Tokyo'],
  ['BR', 'pt', 'America/Sao_Paulo', 'São Paulo'],
] as const;

/**
 * The attributes of person `n`, as POST /users/track takes them, with ten custom attributes. One person in 1,000 has the same
 * `cohort`.
 */
export function personOf(n: number): Record<string, unknown> {
  const random = numbers(n);
  const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;
  const [country, language, time_zone, home_city] = pick(places);
  const day = new Date(Date.UTC(2020, 0, 1) + random(2_000) * 86_400_000 + random(86_400) * 1_000);
  return {
    external_id: `person-${n}`,
    first_name: pick(firstNames),
    last_name: pick(lastNames),
    email: `person-${n}@example.test`,
    ...(random(2) === 0 && { phone: `+1512${String(2_000_000 + (n % 7_999_999)).padStart(7, '0')}` }),
    ...(random(5) === 0 && { email_subscribe: pick(['opted_in', 'subscribed', 'unsubscribed']) }),
    ...{ country, language, time_zone, home_city },
    gender: pick(['F', 'M', 'N']),
    dob: `${1940 + random(65)}-0${1 + random(9)}-${10 + random(18)}`,
    plan: pick(['free', 'free', 'free', 'free', 'free', 'free', 'silver', 'silver', 'gold', 'platinum']),
    is_member: random(3) === 0,
    points: random(10_000),
    cohort: `cohort-${random(1_000)}`,
    referrer: `r-${random(100_000)}`,
    brand: `brand-${random(50)}`,
    signed_up_at: day.toISOString(),
    lifetime_value: random(100_000) / 100,
    tags: Array.from({ length: random(5) }, () => `tag-${random(200)}`),
    eye_color: pick(['brown', 'blue', 'green', 'grey']),
  };
}

/** Returns whole numbers below a limit. The same seed gives the same numbers. Source: Tommy Ettinger, "mulberry32". */
function numbers(seed: number): (limit: number) => number {
  let state = (Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995) >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}

/** Types of the columns in the CSV file. */
export const csvTypes = 'is_member=boolean,points=number,lifetime_value=number,tags=json';
const csvColumns = [
  ...[
    'external_id',
    'first_name',
    'last_name',
    'email',
    'phone',
    'email_subscribe',
    'country',
    'language',
    'time_zone',
  ],
  ...['home_city', 'gender', 'dob', 'plan', 'is_member', 'points', 'cohort', 'referrer', 'brand', 'signed_up_at'],
  ...['lifetime_value', 'tags', 'eye_color'],
];

export function csvLineOf(person: Record<string, unknown>): string {
  return csvColumns
    .map((name) => {
      const value = person[name] ?? '';
      const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
      return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    })
    .join(',');
}

const linesAtOnce = 5_000;

/** Writes the first `count` people to a file. */
export async function writePopulation(path: string, count: number, format: 'ndjson' | 'csv' = 'ndjson'): Promise<void> {
  const file = createWriteStream(path);
  if (format === 'csv') file.write(`${csvColumns.join(',')}\n`);
  const lineOf = format === 'csv' ? csvLineOf : JSON.stringify;
  for (let from = 0; from < count; from += linesAtOnce) {
    const length = Math.min(linesAtOnce, count - from);
    const lines = Array.from({ length }, (_, index) => lineOf(personOf(from + index)));
    if (!file.write(`${lines.join('\n')}\n`)) await once(file, 'drain');
  }
  file.end();
  await finished(file);
}

if (import.meta.main) {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { format: { type: 'string', default: 'ndjson' } },
  });
  await writePopulation('/dev/stdout', Number(positionals[0] ?? 100_000), values.format === 'csv' ? 'csv' : 'ndjson');
}
