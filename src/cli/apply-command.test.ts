import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { commandLineOnDatabase, SECRET, temporaryFolder } from '../../test/support/command-line.ts';
import { sql } from '../db/sql.ts';
import { loadCatalog } from '../workspace/load-catalog.ts';
import { secretFrom } from '../workspace/secrets.ts';

const source = `
email: { smtp: { url: "smtp://u:\${env:CRESSET_SMTP_PASSWORD}@relay.test" } }
campaigns: [{ id: c, name: Receipts, kind: api }]
`;

test('a file that refers to variables is applied, and applying it again changes nothing', async (t) => {
  const file = join(temporaryFolder(t), 'workspace.yaml');
  writeFileSync(file, source);
  const { db, workspaceId, run } = await commandLineOnDatabase(t, { CRESSET_SMTP_PASSWORD: 'the-password' });
  const dry = await run('apply', '--dry-run', file);
  assert.match(
    dry.out,
    /^~ email: .*\n\+ campaign "Receipts" c\n1 to create, 1 to change, .*\nThis was a dry run: nothing was changed\.$/,
  );
  const first = await run('apply', file);
  assert.deepEqual([first.code, first.errors], [0, '']);
  const second = JSON.parse((await run('apply', file, '--json')).out);
  assert.deepEqual(second, {
    dry_run: false,
    plan: [
      { what: 'email', id: null, name: '', kind: 'unchanged', changed: [] },
      { what: 'campaign', id: 'c', name: 'Receipts', kind: 'unchanged', changed: [] },
    ],
  });
  const { settings } = (await loadCatalog(db, secretFrom(SECRET))).workspace(workspaceId) ?? {};
  assert.equal(settings?.email.smtp?.[0]?.url, 'smtp://u:the-password@relay.test');
  assert.equal((dry.out + first.out).includes('the-password'), false);
});

test('a first apply names what the file says, and no defaults of the rest', async (t) => {
  const file = join(temporaryFolder(t), 'workspace.yaml');
  const sections = [
    'events: { consent: true }',
    'requests: { key_in_body: true }',
    'users: { blocked_ids: [x] }',
    'schedules: { late_minutes: 60 }',
    'audience: {}',
    'liquid: { escape_html_by_default: true }',
    'item_catalogs: { storage_bytes: 1000 }',
  ];
  writeFileSync(file, sections.join('\n'));
  const { run } = await commandLineOnDatabase(t);
  const plan = [
    ...['~ requests: key_in_body', '~ liquid: escape_html_by_default', '~ users: blocked_ids'],
    ...['~ item_catalogs: storage_bytes', '~ events: consent', '= audience (unchanged)', '= schedules (unchanged)'],
  ];
  const { out } = await run('apply', file);
  assert.deepEqual(out.split('\n').slice(0, plan.length).sort(), plan.sort(), out);
  const again = JSON.parse((await run('apply', file, '--json')).out);
  assert.ok(
    again.plan.every(({ kind }: { kind: string }) => kind === 'unchanged'),
    JSON.stringify(again.plan),
  );
});

test('the segment that every workspace has from its beginning is no thing that the file leaves out', async (t) => {
  const file = join(temporaryFolder(t), 'workspace.yaml');
  writeFileSync(file, 'campaigns: [{ id: c, name: Receipts, kind: api }]');
  const { db, workspaceId, run } = await commandLineOnDatabase(t);
  const make = (id: string, name: string, filter: object | null) =>
    db.run(
      sql`insert into segments (id, workspace_id, name, filter) values (${id}, ${workspaceId}, ${name}, ${filter})`,
    );
  await make('everybody', 'All Users', null);
  const { out } = await run('apply', '--dry-run', file);
  assert.match(out, /^\+ campaign "Receipts" c\n1 to create, .* 0 not in the file and left alone\.\nThis was/);
  await make('other', 'Everybody else', null);
  const { out: more } = await run('apply', '--dry-run', file);
  assert.match(
    more,
    /\n\? not in the file: segment "Everybody else"\n1 to create, .* 1 not in the file and left alone/,
  );
});

test('a bad file ends with exit code 2 and lists every problem', async (t) => {
  const file = join(temporaryFolder(t), 'workspace.yaml');
  writeFileSync(file, 'nme: x\ncampaigns: [{ id: c }]');
  const { run } = await commandLineOnDatabase(t);
  const problems = [
    'nme: there is no such key; did you mean name?',
    'campaigns[0].name: is required',
    'campaigns[0].kind: is required',
  ];
  const { code, out, errors } = await run('apply', file);
  assert.deepEqual([code, out], [2, '']);
  assert.equal(errors, `${file} is not usable:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  const json = await run('apply', file, '--json');
  assert.deepEqual(JSON.parse(json.errors), { error: { name: 'WorkspaceFileError', problems } });
});

test('a missing file ends with exit code 2', async (t) => {
  const { run } = await commandLineOnDatabase(t);
  const file = join(temporaryFolder(t), 'none.yaml');
  const { database, ...missing } = await run('apply', file);
  assert.match(database ?? '', /^Database: test_\w+ at /);
  assert.deepEqual(missing, {
    code: 2,
    out: '',
    errors: `${file} is not usable:\n  - the file cannot be read (ENOENT)`,
  });
});

test('a workspace file, or a file that it refers to, that is not UTF-8 is refused with the place', async (t) => {
  const folder = temporaryFolder(t);
  const [whole, part] = [join(folder, 'whole.yaml'), join(folder, 'part.yaml')];
  writeFileSync(whole, 'name: Acme\nemail: { default_from: "J\xfcrgen <a@acme.test>" }', 'latin1');
  writeFileSync(join(folder, 'footer.html'), 'Gr\xfc\xdfe', 'latin1');
  writeFileSync(part, 'email: { footer: "${file:footer.html}" }');
  const { run } = await commandLineOnDatabase(t);
  const table: [string, string][] = [
    [whole, 'the file: expected UTF-8, got something else at line 2, byte 26'],
    [part, 'email.footer: the file footer.html: expected UTF-8, got something else at line 1, byte 3'],
  ];
  for (const [path, problem] of table) {
    const refused = await run('apply', path);
    assert.equal(refused.code, 2);
    assert.ok(refused.errors.includes(problem), refused.errors);
  }
});
