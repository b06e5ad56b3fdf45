// Runs `cresset users import` as a process, as an operator does.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { dataFolder, plainEnvironment, program, startServer } from '../../rig/process.ts';
import { testDatabase } from '../../test/support/database.ts';
import type { Database } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import { runProgram } from './program.ts';

const SECRET = 'a secret of the tests, long enough';

interface Run {
  child: ChildProcess;
  ended: Promise<{ code: number | NodeJS.Signals; out: string; errors: string }>;
}

function run(env: Record<string, string>, args: string[], input?: string): Run {
  const child = spawn(process.execPath, [program, 'users', 'import', ...args], {
    env: { ...plainEnvironment(), ...env },
  });
  let [out, errors] = ['', ''];
  child.stdout.on('data', (chunk) => (out += chunk));
  child.stderr.on('data', (chunk) => (errors += chunk));
  child.stdin.end(input ?? '');
  return { child, ended: once(child, 'close').then(([code, signal]) => ({ code: code ?? signal, out, errors })) };
}

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'cresset-import-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function world(t: TestContext) {
  const { db, url } = await testDatabase(t);
  return { db, folder: folder(t), env: { DATABASE_URL: url, CRESSET_SECRET: SECRET } };
}

const events = (out: string) =>
  out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

async function counts(db: Database): Promise<{ people: number; names: number; total: number; most: number }> {
  return db.one(sql`
    select count(*) as people, (select count(*) from user_names) as names, sum((custom ->> 'count')::integer) as total,
           max((custom ->> 'count')::integer) as most
      from profiles`);
}

test('bad lines are kept aside and the others applied; a second run says that the file is done', async (t) => {
  const { db, env, folder: at } = await world(t);
  const path = join(at, 'people.ndjson');
  writeFileSync(path, '{"external_id":"ada","points":5}\n{"points":1}\nnonsense\n{"external_id":"bob","dob":"x"}\n');
  const first = await run(env, [path]).ended;
  assert.equal(first.code, 3, first.errors);
  assert.match(first.out, /^4 records read, 1 applied, 1 applied in part, 2 rejected in [\d.]+ s\n {2}1 × /);
  assert.match(first.out, /Rejected records are kept in .*people\.ndjson\.rejects\.ndjson$/m);
  assert.match(first.errors, /^Database: \w+ at .*\nline 2: 'external_id', 'braze_id'/);
  const rejects = `${path}.rejects.ndjson`;
  assert.equal(statSync(rejects).mode & 0o777, 0o600);
  assert.deepEqual(events(readFileSync(rejects, 'utf8')), [
    {
      line: 2,
      reason: "'external_id', 'braze_id', 'user_alias', 'email' or 'phone' is required",
      record: { points: 1 },
    },
    { line: 3, reason: 'the line is not JSON', record: 'nonsense' },
    { line: 4, reason: 'applied, but for: dob: expected YYYY-MM-DD', record: { external_id: 'bob', dob: 'x' } },
  ]);
  const people = await db.query(sql`select external_id, custom from profiles order by 1`);
  assert.deepEqual(people, [
    { external_id: 'ada', custom: { points: 5 } },
    { external_id: 'bob', custom: {} },
  ]);

  const again = await run(env, [path]).ended;
  assert.equal(again.code, 3, again.errors);
  assert.match(
    again.out,
    /^This file was imported already, at .*: 4 records, 3 of them rejected or applied in part\. /,
  );
  assert.ok(existsSync(rejects), 'the rejected records are still there');
});

test('a compressed CSV file with declared types is imported and reported as JSON events', async (t) => {
  const { db, env, folder: at } = await world(t);
  const path = join(at, 'people.csv.gz');
  const rows = 'external_id;first_name;points;member;zip\nada;"Ada;\nof L";5;true;01234\nbob;NULL;x;false;1\n';
  writeFileSync(path, gzipSync(rows));
  const options = ['--types', 'points=number', '-t', 'member=boolean', '--delimiter', ';', '--null', 'NULL', '--json'];
  const { code, out } = await run(env, [path, ...options]).ended;
  assert.equal(code, 3);
  const [rejected, end] = events(out);
  assert.deepEqual(rejected, { event: 'rejected', line: 4, reason: 'points: expected a number' });
  assert.deepEqual(
    { ...end, seconds: 0 },
    {
      ...{
        event: 'finished',
        records: 2,
        rejected: 1,
        partial: 0,
        resumed: 0,
        seconds: 0,
        dry_run: false,
      },
      ...{ rejects_file: `${path}.rejects.ndjson`, reasons: { 'points: expected a number': 1 } },
    },
  );
  const people = await db.query(sql`select external_id, first_name, custom from profiles`);
  assert.deepEqual(people, [
    { external_id: 'ada', first_name: 'Ada;\nof L', custom: { points: 5, member: true, zip: '01234' } },
  ]);
});

test('standard input is imported; a dry run of it applies and keeps nothing', async (t) => {
  const { db, env, folder: at } = await world(t);
  const options = ['-', '--format', 'ndjson', '--rejects', join(at, 'rejects')];
  const dry = await run(env, ['-', '--format', 'ndjson', '--dry-run'], '{"external_id":"ada"}\n{}\n').ended;
  assert.equal(dry.code, 3);
  assert.match(
    dry.out,
    /^2 records read, 1 would be applied, 1 rejected .*This was a dry run: nothing was applied\.$/ms,
  );
  assert.deepEqual(await db.query(sql`select user_id from profiles`), []);
  const real = await run(env, options, '{"external_id":"ada"}\n').ended;
  assert.equal(real.code, 0, real.errors);
  assert.ok(!existsSync(join(at, 'rejects')));
  assert.equal((await db.query(sql`select user_id from profiles`)).length, 1);
});

const RECORDS = 12_000;
/** Not a divisor of the distance between bad lines, so that everybody also has good lines. */
const PEOPLE = 4_999;

/** Writes a file after whose import each person's `count` is the number of lines about them. */
function countingFile(path: string): void {
  const lines = Array.from({ length: RECORDS }, (_, n) =>
    n % 1_000 === 999
      ? '{"count":{"inc":1}}'
      : JSON.stringify({ external_id: `p${n % PEOPLE}`, email: `p${n % PEOPLE}@example.test`, count: { inc: 1 } }),
  );
  writeFileSync(path, `${lines.join('\n')}\n`);
}

/** Resolves once this many batches are stored, or the run has ended. */
async function batches(db: Database, atLeast: number, { child }: Run): Promise<void> {
  while (child.exitCode === null) {
    const { done } = await db.one<{ done: number }>(sql`select count(*) as done from import_batches`);
    if (done >= atLeast) return;
  }
}

test('after kill -9 at random points the same command continues, and every line is applied once', async (t) => {
  const { db, env, folder: at } = await world(t);
  const path = join(at, 'people.ndjson');
  countingFile(path);
  const points = [1, 2, 3].map((third) => Math.ceil((third - 1) * 7 + Math.random() * 7));
  for (const point of points) {
    const killed = run(env, [path]);
    await batches(db, point, killed);
    killed.child.kill('SIGKILL');
    assert.equal((await killed.ended).code, 'SIGKILL');
  }
  const { code, out } = await run(env, [path, '--json']).ended;
  const end = events(out).at(-1);
  t.diagnostic(`killed when ${points.join(', ')} of ${RECORDS / 500} batches were in: ${JSON.stringify(end)}`);
  assert.equal(code, 3);
  assert.deepEqual([end?.event, end?.records, end?.rejected], ['finished', RECORDS, RECORDS / 1_000]);
  assert.ok(Number(end?.resumed) >= 500 * Math.max(...points));
  const rejected = events(readFileSync(`${path}.rejects.ndjson`, 'utf8')).map(({ line }) => Number(line));
  assert.deepEqual(
    rejected,
    Array.from({ length: RECORDS / 1_000 }, (_, n) => (n + 1) * 1_000),
  );
  const total = RECORDS - RECORDS / 1_000;
  assert.deepEqual(await counts(db), { people: PEOPLE, names: PEOPLE, total, most: 3 });
});

test('a signal stops the import between two batches; a changed file is refused; --restart starts again', async (t) => {
  const { db, env, folder: at } = await world(t);
  const path = join(at, 'people.ndjson');
  countingFile(path);
  const interrupted = run(env, [path, '--json']);
  await batches(db, 1, interrupted);
  interrupted.child.kill('SIGINT');
  const { code, out } = await interrupted.ended;
  assert.equal(code, 130);
  const end = events(out).at(-1);
  assert.equal(end?.event, 'stopped');
  const { total } = await counts(db);
  assert.equal(total, Number(end?.records) - Number(end?.rejected), 'the batches in hand were applied');

  writeFileSync(path, '{"external_id":"p1","count":{"inc":1}}\n');
  const refused = await run(env, [path]).ended;
  assert.equal(refused.code, 2);
  assert.match(refused.errors, /^The contents of .* changed since its import began.*--restart/m);
  const anew = await run(env, [path, '--restart']).ended;
  assert.equal(anew.code, 0);
  assert.match(anew.out, /^1 record read, 1 applied/);
  assert.equal((await counts(db)).total, total + 1);
});

test('a database that goes away ends the import with a hint, and the same command continues', async (t) => {
  const { db, env, folder: at } = await world(t);
  const path = join(at, 'people.ndjson');
  countingFile(path);
  const losing = run(env, [path]);
  await batches(db, 2, losing);
  await db.run(sql`
    select pg_terminate_backend(pid)
      from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'`);
  const lost = await losing.ended;
  assert.equal(lost.code, 1, lost.errors);
  assert.match(lost.errors, /^The database went away in the middle of the import\. What was applied is kept/m);
  assert.equal((await run(env, [path]).ended).code, 3);
  assert.equal((await counts(db)).total, RECORDS - RECORDS / 1_000);
});

test('the embedded database is used alone and beside a running server', async (t) => {
  const at = folder(t);
  const env = { CRESSET_DATA_DIR: dataFolder(t) };
  const [one, two] = [join(at, 'one.ndjson'), join(at, 'two.ndjson')];
  writeFileSync(one, '{"external_id":"ada","email":"ada@example.test"}\n');
  writeFileSync(two, '{"external_id":"ada","first_name":"Ada"}\n');
  const none = await run(env, [one]).ended;
  assert.deepEqual([none.code, none.out], [1, '']);
  assert.match(none.errors, /^Database: the embedded one in (.*)\nThere is no database in \1\. Set CRESSET_DATA_DIR/);
  assert.deepEqual(readdirSync(env.CRESSET_DATA_DIR), [], 'and none was made');
  await (await startServer({ ...env, PORT: '0' })).end('SIGTERM');
  const alone = await run(env, [one]).ended;
  assert.equal(alone.code, 0, alone.errors);
  const server = await startServer({ ...env, PORT: '0', CRESSET_API_KEY: 'a-key-for-this-very-test' });
  const beside = await run(env, [two]).ended;
  assert.equal(beside.code, 0, beside.errors);
  const response = await fetch(`${server.url}/users/export/ids`, {
    method: 'POST',
    headers: { authorization: 'Bearer a-key-for-this-very-test' },
    body: JSON.stringify({ external_ids: ['ada'], fields_to_export: ['email', 'first_name'] }),
  });
  const { users } = (await response.json()) as { users: unknown };
  await server.end('SIGTERM');
  assert.deepEqual(users, [{ email: 'ada@example.test', first_name: 'Ada' }]);
});

const misuses: [string[], RegExp][] = [
  [['people.txt'], /people\.txt: say --format ndjson or --format csv, or --from for an export/],
  [['-'], /standard input: say --format/],
  [['-', '-f', 'csv', '--restart'], /--restart: standard input always begins anew/],
  [['people.ndjson', '--types', 'a=number'], /--types: for CSV, and for the rejects file of a CSV file/],
  [
    ['people.csv', '--types', 'a=data'],
    /expected column=type, the type one of text, number, boolean, json, time, date/,
  ],
  [['people.csv', '--delimiter', 'ab'], /expected one character/],
  [['people.csv', '--date-format', 'DD.MM.YYY'], /expected a format of YYYY or YY, MM or M/],
  [['people.csv', '--phone-country', 'Austria'], /expected the ISO 3166-1 code of a country/],
  [['people.csv', '--encoding', 'klingon'], /expected an encoding such as windows-1252/],
  [['people.csv', '--map', 'mail'], /expected old=new/],
  [['people.csv', '--records', 'orders'], /Allowed choices are attributes, events, purchases/],
  [['people.ndjson', '--skip-bad-cells', '--null', 'x'], /--null, --skip-bad-cells: for CSV/],
  [['people.csv', '--rejects', 'people.csv'], /--rejects: names the file that is imported/],
  [['/nowhere/people.ndjson'], /^\/nowhere\/people\.ndjson cannot be read: there is no such file/m],
];

test('command lines that make no sense are refused with exit code 2', async (t) => {
  const { env } = await world(t);
  for (const [args, message] of misuses) {
    const errors: string[] = [];
    const code = await runProgram(
      ['users', 'import', ...args],
      { serve: async () => undefined, checkFilter: () => [], checkReferences: () => [], checkContent: () => [] },
      { env, print: (text) => assert.fail(text), printError: (text) => errors.push(text) },
    );
    assert.equal(code, 2, args.join(' '));
    assert.match(errors.join('\n'), message);
  }
});

test('a terminal shows a bar, which is cleared before anything else is printed', async (t) => {
  const { env, folder: at } = await world(t);
  const path = join(at, 'people.ndjson');
  writeFileSync(path, `{}\n${'{"external_id":"ada"}\n'.repeat(6_000)}`);
  const [drawn, said]: [string[], string[]] = [[], []];
  const code = await runProgram(
    ['users', 'import', path],
    { serve: async () => undefined, checkFilter: () => [], checkReferences: () => [], checkContent: () => [] },
    {
      env,
      print: (text) => said.push(text),
      printError: (text) => said.push(text),
      redraw: (line) => drawn.push(line),
    },
  );
  assert.equal(code, 3);
  assert.equal(drawn.at(-1), '');
  assert.ok(
    drawn.some((line) => /^\[#*\.*\] \d+ %, [\d,]+ records, 1 rejected, [\d,]+\/s/.test(line)),
    drawn.join('\n'),
  );
  assert.match(said.join('\n'), /^Database: .*\nline 1: .*\n6,001 records read, 6,000 applied/);
});
