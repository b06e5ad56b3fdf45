// Runs `cresset users import` as a process on files as other programs write them.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import test from 'node:test';
import { rejectedLines as lines, importWorld as world } from '../../test/support/import-command.ts';
import { sql } from '../db/sql.ts';

const german = [
  'Nummer;Vorname;E-Mail;Telefon;Geburtstag;Land;Umsatz;Seit;Newsletter',
  'k1;Jürgen;juergen@example.test;0664/123 45 67;31.12.1985;AT;1.099,90;01.02.2024;true',
  'k2;Käthe;keine Adresse;+436641234568;1985-01-31;Austira;99,90;31.02.2024;ja',
  'k3;Zoë;zoe@example.test;;;DE;12;;false',
].join('\r\n');
const germanOptions = [
  ...['--delimiter', ';', '--encoding', 'windows-1252', '--date-format', 'DD.MM.YYYY', '--decimal-comma'],
  ...['--phone-country', 'at', '--types', 'Umsatz=number,Seit=date', '-t', 'Newsletter=boolean'],
  ...['--map', 'Nummer=external_id,Vorname=first_name,E-Mail=email', '-m', 'Telefon=phone,Geburtstag=dob,Land=country'],
];
const people = sql`
  select external_id, first_name, email, phone, dob::text, country, custom from profiles order by external_id`;
const juergen = {
  ...{ external_id: 'k1', first_name: 'Jürgen', email: 'juergen@example.test', phone: '+436641234567', country: 'AT' },
  ...{ dob: '1985-12-31', custom: { Umsatz: 1099.9, Seit: '2024-02-01', Newsletter: true } },
};
const zoe = {
  ...{ external_id: 'k3', first_name: 'Zoë', email: 'zoe@example.test', phone: null, country: 'DE', dob: null },
  custom: { Umsatz: 12, Newsletter: false },
};
const kaethe = {
  ...{ external_id: 'k2', first_name: 'Käthe', email: null, phone: '+436641234568', dob: '1985-01-31', country: null },
  custom: { Umsatz: 99.9 },
};

test('a file as a German spreadsheet writes it: all problems of a row at once, and bad cells skipped if asked', async (t) => {
  const { db, ...on } = await world(t);
  const path = on.file('kunden.csv', Buffer.from(german, 'latin1'));
  const strict = await on.import(path, ...germanOptions);
  assert.equal(strict.code, 3, strict.errors);
  const problems = [
    "The value provided for the 'email' field is not a valid email.",
    'country: expected a code of two letters (ISO 3166-1) such as AT, or the English name of a country; did you mean AT?',
    'Seit: expected a date as DD.MM.YYYY',
    'Newsletter: expected true or false',
  ];
  const [, said] = strict.errors.split('\n');
  assert.equal(said, `line 3: ${problems.join('; ')}`);
  for (const problem of problems) assert.ok(strict.out.includes(`  1 × ${problem}`), strict.out);
  assert.deepEqual(await db.query(people), [juergen, zoe]);

  const lenient = await on.import(path, ...germanOptions, '--skip-bad-cells');
  assert.equal(lenient.code, 3, lenient.errors);
  assert.match(lenient.out, /^3 records read, 2 applied, 1 applied in part, 0 rejected/);
  assert.deepEqual(await db.query(people), [juergen, kaethe, zoe]);
  const [reject] = lines(`${path}.rejects.ndjson`);
  assert.equal(reject.reason, `applied, but for: ${problems.join('; ')}`);
});

test('a mended rejects file is imported with the options of its import, which it carries', async (t) => {
  const { db, ...on } = await world(t);
  const path = on.file('kunden.csv', Buffer.from(german, 'latin1'));
  await on.import(path, ...germanOptions);
  const rejects = `${path}.rejects.ndjson`;
  const mended = readFileSync(rejects, 'utf8') // UTF-8, whatever the encoding of the file
    .replace('keine Adresse', 'kaethe@example.test')
    .replace('31.02.2024', '28.02.2024')
    .replace('Austira', 'Austria')
    .replace('"ja"', '"true"');
  writeFileSync(rejects, mended);
  const again = await on.import(rejects);
  assert.equal(again.code, 0, again.errors + again.out);
  const custom = { Umsatz: 99.9, Seit: '2024-02-28', Newsletter: true };
  assert.deepEqual(await db.query(people), [
    juergen,
    { ...kaethe, email: 'kaethe@example.test', country: 'AT', custom },
    zoe,
  ]);

  const other = on.file('people.ndjson', '{"external_id":"k4","email":"x"}\n{"external_id":"k5"\n');
  assert.equal((await on.import(other)).code, 3);
  const text = readFileSync(`${other}.rejects.ndjson`, 'utf8').replace('"x"', '"x@example.test"');
  writeFileSync(`${other}.rejects.ndjson`, text.replace(/"record":"\{.*/, '"record":{"external_id":"k5"}}'));
  const finished = await on.import(`${other}.rejects.ndjson`);
  assert.equal(finished.code, 0, finished.errors + finished.out);
  assert.equal((await db.query(people)).length, 5);
});

test('a rejects file whose options are lost is refused; options given replace those that it carries', async (t) => {
  const { db, ...on } = await world(t);
  const path = on.file('shop.csv', 'external_id,points,ok\na,1O,true\nb,2,maybe\n');
  const options = ['--types=points=number', '--types=ok=boolean', '--null=-', '--booleans=ja/nein'];
  assert.equal((await on.import(path, ...options)).code, 3);
  const rejects = `${path}.rejects.ndjson`;
  const text = readFileSync(rejects, 'utf8').replace('1O', '10').replace('maybe', 'yes');
  const [header = '', ...rows] = text.split('\n');
  assert.deepEqual(JSON.parse(header), { cresset_import: options });

  const bare = on.file('bare.rejects.ndjson', rows.join('\n'));
  const refused = await on.import(bare);
  assert.equal(refused.code, 2);
  assert.match(
    refused.errors,
    /its first line, which says how to read them, is missing.*cresset users import .*--types/s,
  );
  const renamed = on.file('mended.ndjson', text);
  const finished = await on.import(renamed, '--booleans', 'yes/no');
  assert.equal(finished.code, 0, finished.errors + finished.out);
  assert.deepEqual(await db.query(sql`select external_id, custom from profiles order by external_id`), [
    { external_id: 'a', custom: { points: 10, ok: true } },
    { external_id: 'b', custom: { points: 2, ok: true } },
  ]);
  const strange = on.file('strange.ndjson', '{"cresset_import":["--restart"]}\n{"external_id":"a"}\n');
  const other = await on.import(strange);
  assert.equal(other.code, 2);
  assert.match(other.errors, /names an option that says nothing of records: --restart/);
});

test('a country or time zone that nobody knows is a bad cell, and what is stored stays', async (t) => {
  const { db, ...on } = await world(t);
  await on.import(on.file('first.csv', 'external_id,country,time_zone\ncc1,AT,Europe/Vienna\n'));
  const second = on.file('second.csv', 'external_id,country,time_zone,first_name\ncc1,Austira,Wien,Ada\n');
  const why =
    'country: expected a code of two letters (ISO 3166-1) such as AT, or the English name of a country; did you mean AT?; time_zone: expected the name of a time zone such as Europe/Vienna';
  const strict = await on.import(second);
  assert.equal(strict.code, 3);
  assert.ok(strict.errors.includes(`line 2: ${why}\n`), strict.errors);
  const lenient = await on.import(second, '--skip-bad-cells');
  assert.equal(lenient.code, 3);
  assert.equal(lines(`${second}.rejects.ndjson`)[0].reason, `applied, but for: ${why}`);
  const stored = sql`select first_name, country, time_zone from profiles where external_id = 'cc1'`;
  assert.deepEqual(await db.query(stored), [{ first_name: 'Ada', country: 'AT', time_zone: 'Europe/Vienna' }]);
});

test('a country is read by its code of two or three letters, and by its name in English or its own language', async (t) => {
  const { db, ...on } = await world(t);
  const names = [
    'AT',
    'AUT',
    'Austria',
    'Österreich',
    ' ÖSTERREICH',
    'Oesterreich',
    'Schweiz',
    'Suisse',
    '日本',
    'Niger',
    'UK',
  ];
  const file = `external_id,country\n${names.map((name, at) => `c${String(at).padStart(2, '0')},${name}`).join('\n')}\n`;
  const { code, out } = await on.import(on.file('countries.csv', file));
  assert.equal(code, 3, out);
  const stored = await db.query<{ country: string }>(sql`select country from profiles order by external_id`);
  assert.deepEqual(
    stored.map(({ country }) => country),
    ['AT', 'AT', 'AT', 'AT', 'AT', 'CH', 'CH', 'JP', 'NE', 'GB'],
  );
  assert.match(out, /1 × country: expected a code of two letters/, 'Oesterreich is in no list of names');
});

test('thousands commas: read if said, hinted at if not, and columns in doubt are told', async (t) => {
  const { db, ...on } = await world(t);
  const path = on.file('shop.csv', 'external_id,revenue\na,"2,000"\nb,"1,099.90"\nc,3000.5\n');
  const unsaid = await on.import(path, '--types', 'revenue=number');
  assert.match(unsaid.errors, /line 2: revenue: expected a number \(is the comma for thousands or for decimals\?/);
  assert.match(unsaid.errors, /line 3: revenue: expected a number \(is it written with --thousands-comma\?\)/);
  const wrong = await on.import(path, '--types', 'revenue=number', '--decimal-comma', '--dry-run', '--json');
  assert.deepEqual(JSON.parse(wrong.out.trim().split('\n').at(-1) ?? '').ambiguous_numbers, {
    revenue: { count: 1, lines: [2] },
  });
  const told = await on.import(path, '--types', 'revenue=number', '--decimal-comma', '--dry-run');
  assert.match(told.out, / {2}1 × revenue: a number that may be meant otherwise, such as 1,234 or 1.234 \(line 2\)/);
  const right = await on.import(path, '--types', 'revenue=number', '--thousands-comma');
  assert.equal(right.code, 0, right.errors);
  assert.doesNotMatch(right.out, /otherwise/);
  assert.deepEqual(
    (await db.query(sql`select custom -> 'revenue' as revenue from profiles order by external_id`)).map(
      (row) => row.revenue,
    ),
    [2000, 1099.9, 3000.5],
  );
  const both = await on.import(path, '--thousands-comma', '--decimal-comma');
  assert.equal(both.code, 2);
});

test('events and purchases are imported, once, and make their people', async (t) => {
  const { db, ...on } = await world(t);
  const events = on.file(
    'events.csv',
    'external_id,name,time,plan,seats\nada,signed_up,01.03.2026 10:30,gold,2\nada,,x,,\n',
  );
  const options = ['--records', 'events', '--date-format', 'DD.MM.YYYY HH:mm', '-t', 'seats=number'];
  for (let run = 0; run < 2; run += 1) assert.equal((await on.import(events, ...options)).code, 3);
  const [reject] = lines(`${events}.rejects.ndjson`);
  assert.match(reject.reason, /^time: expected a date as DD\.MM\.YYYY HH:mm; name: expected a text/);
  const orders = on.file(
    'orders.csv',
    'email;product_id;currency;price;quantity;time;color\nada@example.test;espresso;EUR;3,20;2;2026-03-02;red\n',
  );
  const bought = await on.import(orders, '--records', 'purchases', '--delimiter', ';', '--decimal-comma');
  assert.equal(bought.code, 0, bought.errors);
  const more = on.file('more.ndjson', '{"external_id":"bob","name":"seen","time":"2026-03-01","properties":{"a":1}}\n');
  assert.equal((await on.import(more, '--records', 'events')).code, 0);
  const done = await db.query(sql`
    select p.external_id, p.email, e.name, e.at, e.properties
      from profiles p join events e on e.bucket = p.bucket and e.user_id = p.user_id order by e.at`);
  assert.deepEqual(
    done.map((row) => ({ ...row, at: (row.at as Date).toISOString() })),
    [
      {
        ...{ external_id: 'bob', email: null, name: 'seen', at: '2026-03-01T00:00:00.000Z' },
        properties: { a: 1 },
      },
      {
        ...{ external_id: 'ada', email: null, name: 'signed_up', at: '2026-03-01T10:30:00.000Z' },
        properties: { plan: 'gold', seats: 2 },
      },
    ],
  );
});

test('a wrong delimiter and another encoding are named', async (t) => {
  const { ...on } = await world(t);
  const path = on.file('kunden.csv', Buffer.from('external_id;name\nk1;Jürgen\n', 'latin1'));
  const cut = await on.import(path);
  assert.equal(cut.code, 2);
  assert.match(cut.errors, /push_tokens; it is one column, did you mean --delimiter ';'\?$/m);
  const decoded = await on.import(path, '--delimiter', ';');
  assert.match(decoded.errors, /line 2: name: the cell is not UTF-8; see --encoding/);
  const utf16 = on.file('utf16.csv', Buffer.from('\ufeffexternal_id\tname\nk1\tJürgen\n', 'utf16le'));
  assert.match((await on.import(utf16)).errors, /Did you mean --encoding utf-16le\?/);
  assert.equal((await on.import(utf16, '--encoding', 'utf-16le', '--delimiter', 'tab')).code, 0);
});

test('many long rejects are kept in the order of the file, and nothing warns', async (t) => {
  const { ...on } = await world(t);
  const rows = Array.from({ length: 4_000 }, (_, n) => `p${n},x,${'n'.repeat(400)}`);
  const path = on.file('people.csv', `external_id,points,note\n${rows.join('\n')}\n`);
  const { code, errors } = await on.import(path, '--types', 'points=number');
  assert.equal(code, 3);
  assert.doesNotMatch(errors, /Warning/);
  assert.deepEqual(
    lines(`${path}.rejects.ndjson`).map(({ line }) => line),
    rows.map((_, n) => n + 2),
  );
});

test('a pipe that ends early stops an import in order', async (t) => {
  const { db, ...on } = await world(t);
  const path = on.file(
    'people.ndjson',
    Array.from({ length: 20_000 }, (_, n) => `{"external_id":"p${n}"}\n{}\n`).join(''),
  );
  const child = on.start(path, '--json');
  let errors = '';
  child.stderr.on('data', (chunk) => (errors += chunk));
  child.stdout.once('data', () => child.stdout.destroy());
  const [code] = await once(child, 'close');
  assert.deepEqual([code, errors], [130, '']);
  const { batches } = await db.one<{ batches: number }>(sql`select count(*) as batches from import_batches`);
  assert.ok(batches > 0 && batches < 80, `${batches} of 80 batches`);
  assert.equal((await on.import(path)).code, 3);
  const { count } = await db.one<{ count: number }>(sql`select count(*) as count from profiles`);
  assert.equal(count, 20_000);
});

test('a mended reject does not undo what later lines of the file set of the same person', async (t) => {
  const { db, ...on } = await world(t);
  const rows = ['id;first_name;email;plan', 'n1;old;keine;', 'n2;Two;nein;', 'n1;new;n1@example.test;', 'n1;;;gold'];
  const path = on.file('people.csv', rows.join('\n'));
  const options = ['--delimiter', ';', '--map', 'id=external_id'];
  const first = await on.import(path, ...options);
  assert.equal(first.code, 3, first.errors);
  assert.match(first.out, /^4 records read, 2 applied, 2 rejected/);
  assert.match(first.out, /\n {2}1 × the person of a rejected line came again in a later one \(line 2\); mended, /);
  const rejects = `${path}.rejects.ndjson`;
  const later = { line: 5, members: ['first_name', 'email', 'plan'] };
  assert.deepEqual(
    lines(rejects).map((line) => [line.line, line.later]),
    [
      [2, later],
      [3, undefined],
    ],
  );
  assert.equal(statSync(rejects).mode & 0o777, 0o600);

  const text = readFileSync(rejects, 'utf8').replace('keine', 'x@example.test').replace('nein', 'n2@example.test');
  writeFileSync(rejects, text);
  const mended = await on.import(rejects);
  assert.equal(mended.code, 3);
  const problem =
    'first_name, email: set by later lines of that file, the last of which is 5; leave them out, or take "later" away to set them anyway';
  assert.equal(mended.errors.split('\n')[1], `line 2: ${problem}`);
  const found = sql`select external_id, first_name, email from profiles order by external_id`;
  const two = { external_id: 'n2', first_name: 'Two', email: 'n2@example.test' };
  assert.deepEqual(await db.query(found), [{ external_id: 'n1', first_name: 'new', email: 'n1@example.test' }, two]);

  const again = `${rejects}.rejects.ndjson`;
  assert.deepEqual(
    lines(again).map((line) => [line.reason, line.later]),
    [[problem, later]],
    'what was said is kept',
  );
  writeFileSync(again, readFileSync(again, 'utf8').replace(/,"later":\{[^}]*\}/, ''));
  assert.equal((await on.import(again)).code, 0);
  assert.deepEqual(await db.query(found), [{ external_id: 'n1', first_name: 'old', email: 'x@example.test' }, two]);
});

test('a resumed import, and NDJSON with records applied in part, also say which people came again', async (t) => {
  const on = await world(t);
  const others = Array.from({ length: 1_200 }, (_, index) => ({ external_id: `p${index}`, first_name: 'P' }));
  const records = [
    { external_id: 'ada', gender: 'x', home_city: 'Linz' },
    { external_id: 'ada', country: 'Nowhere', language: 'de' },
    ...others,
    { external_id: 'ada', home_city: 'Graz' },
    { external_id: 'p3', first_name: 'Q' },
  ];
  const path = on.file('people.ndjson', records.map((one) => JSON.stringify(one)).join('\n'));
  const run = async () => JSON.parse((await on.import(path, '--json')).out.trim().split('\n').at(-1) ?? '');
  const first = await run();
  assert.deepEqual([first.event, first.resumed], ['finished', 0]);
  assert.deepEqual(first.later_lines, { count: 2, lines: [1, 2] });
  rmSync(`${path}.rejects.ndjson`);
  await on.db.run(sql`update imports set finished_at = null`);
  const resumed = await run();
  assert.deepEqual([resumed.event, resumed.resumed], ['finished', 1_204]);
  assert.deepEqual(resumed.later_lines, first.later_lines);
  const found = lines(`${path}.rejects.ndjson`);
  assert.deepEqual(
    found.map(({ line, later }) => [line, later.line, later.members]),
    [
      [1, 1_203, ['country', 'language', 'home_city']],
      [2, 1_203, ['home_city']],
    ],
  );
  writeFileSync(
    `${path}.rejects.ndjson`,
    JSON.stringify({ ...found[1], record: { external_id: 'ada', country: 'AT' } }),
  );
  assert.equal((await on.import(`${path}.rejects.ndjson`)).code, 0, 'what no later line set is applied');
});
