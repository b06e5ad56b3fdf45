// What an import must not get wrong about people: whose row it is, their consent, their phone.
import assert from 'node:assert/strict';
import test from 'node:test';
import { importWorld, rejectedLines } from '../../test/support/import-command.ts';
import { sql } from '../db/sql.ts';

test('a row without ids is nobody if its email is bad, though it has the phone of somebody', async (t) => {
  const { db, ...on } = await importWorld(t);
  const people = sql`select email, phone, first_name from profiles order by email`;
  await on.import(on.file('first.csv', 'external_id,email,phone,first_name\nada,ada@acme.test,+436641234567,Ada\n'));
  const path = on.file('second.csv', 'email,phone,first_name\nbob@,+436641234567,Bob\ncid@acme.test,12,Cid\n');
  const { code, errors } = await on.import(path, '--skip-bad-cells');
  assert.equal(code, 3, errors);
  assert.deepEqual(await db.query(people), [
    { email: 'ada@acme.test', phone: '+436641234567', first_name: 'Ada' },
    { email: 'cid@acme.test', phone: null, first_name: 'Cid' },
  ]);
  const email = "The value provided for the 'email' field is not a valid email.";
  assert.deepEqual(
    rejectedLines(`${path}.rejects.ndjson`).map(({ reason }) => reason),
    [
      `${email}; email: names the person, so the row is not applied without it`,
      'applied, but for: phone: expected a phone number with + and country code; for others, name their country: --phone-country AT',
    ],
  );
});

test('consent in words is a state, with the import in its record; other words are bad cells', async (t) => {
  const { db, ...on } = await importWorld(t);
  const rows =
    'k1,Ja,a@acme.test\nk2,Nein,b@acme.test\nk3,vielleicht,c@acme.test\nk4,,d@acme.test\nk5,jep,e@acme.test\n';
  const path = on.file('kunden.csv', `Nummer,Newsletter,email\n${rows}`);
  const options = [
    '--map',
    'Nummer=external_id,Newsletter=email_subscribe',
    '--booleans',
    'jep/nö',
    '--skip-bad-cells',
  ];
  const { code, errors } = await on.import(path, ...options);
  assert.equal(code, 3, errors);
  assert.deepEqual(await db.query(sql`select external_id, email_state from profiles order by external_id`), [
    { external_id: 'k1', email_state: 'opted_in' },
    { external_id: 'k2', email_state: 'unsubscribed' },
    { external_id: 'k3', email_state: 'subscribed' },
    { external_id: 'k4', email_state: 'subscribed' },
    { external_id: 'k5', email_state: 'opted_in' },
  ]);
  const changes = sql`select distinct door from consent_changes`;
  assert.deepEqual(await db.query(changes), [{ door: 'import' }]);
  const [reject, ...more] = rejectedLines(`${path}.rejects.ndjson`);
  assert.match(
    reject.reason,
    /^applied, but for: email_subscribe: expected opted_in, subscribed, unsubscribed, or a word for yes or no$/,
  );
  assert.deepEqual(more, []);
});

test('numbers of other countries are no numbers of this one, and fixed lines are told with their lines', async (t) => {
  const { db, ...on } = await importWorld(t);
  const path = on.file(
    'kunden.csv',
    'external_id,phone\na,0664 1234567\nb,07911 123456\nc,0151 12345678\nd,+447911123456\n',
  );
  const { code, out } = await on.import(path, '--phone-country', 'AT');
  assert.equal(code, 3, out);
  assert.deepEqual(await db.query(sql`select external_id, phone from profiles order by external_id`), [
    { external_id: 'a', phone: '+436641234567' },
    { external_id: 'c', phone: '+4315112345678' },
    { external_id: 'd', phone: '+447911123456' },
  ]);
  assert.match(out, / {2}1 × phone: no phone number of AT; others need \+ and country code\n/);
  assert.match(
    out,
    / {2}1 × phone: read as a fixed line of the country of --phone-country \(line 4\); if it is a number of another country, /,
  );
  const json = await on.import(path, '--phone-country', 'AT', '--json', '--dry-run');
  const { fixed_lines: fixed } = JSON.parse(json.out.trim().split('\n').at(-1) ?? '{}');
  assert.deepEqual(fixed, { phone: { count: 1, lines: [4] } });
});

test('a date of birth in the future is left out, and the row applied', async (t) => {
  const { db, ...on } = await importWorld(t);
  const path = on.file('people.csv', 'external_id,dob,first_name\na,31.12.45,Ada\nb,31.12.85,Bob\n');
  const { code, errors } = await on.import(path, '--date-format', 'DD.MM.YY');
  assert.equal(code, 3, errors);
  assert.deepEqual(await db.query(sql`select first_name, dob::text from profiles order by external_id`), [
    { first_name: 'Ada', dob: null },
    { first_name: 'Bob', dob: '1985-12-31' },
  ]);
  assert.equal(rejectedLines(`${path}.rejects.ndjson`)[0].reason, 'applied, but for: dob: is in the future');
});

test('dates that no format was named for are told with the format that reads them', async (t) => {
  const { db, ...on } = await importWorld(t);
  const rows = 'a,31.12.1990,5.3.2024\nb,1990-12-31,2024-03-05\nc,3/4/1990,x\nd,Mai,\n';
  const path = on.file('kunden.csv', `external_id,dob,seit\n${rows}`);
  const { code, errors } = await on.import(path, '--types', 'seit=date', '--skip-bad-cells');
  assert.equal(code, 3, errors);
  assert.deepEqual(
    rejectedLines(`${path}.rejects.ndjson`).map(({ reason }) => reason),
    [
      'applied, but for: seit: expected a date as YYYY-MM-DD; --date-format D.M.YYYY reads it; dob: expected YYYY-MM-DD; --date-format DD.MM.YYYY reads it',
      'applied, but for: seit: expected a date as YYYY-MM-DD; dob: expected YYYY-MM-DD; --date-format D/M/YYYY or M/D/YYYY read it',
      'applied, but for: dob: expected YYYY-MM-DD',
    ],
  );
  const { code: again, errors: said } = await on.import(path, '--restart', '--date-format', 'DD.MM.YYYY');
  assert.equal(again, 3, said);
  const stored = await db.one<{ dob: string }>(sql`select dob::text from profiles where external_id = 'a'`);
  assert.equal(stored.dob, '1990-12-31');
});
