// Every fenced block of README.md and of the pages in docs/ is run on a fresh server. CONTRIBUTING.md says how a page marks
// what it means. docs/spec and docs/decisions describe and argue; their blocks are no examples of this server.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import test from 'node:test';
import { reasons } from '../src/dispatch/plan/reasons.ts';
import { sendStatuses } from '../src/dispatch/plan/states.ts';
import { dialectFilters } from '../src/templating/filters/index.ts';
import { dialectTags } from '../src/templating/tags.ts';
import { permissions } from '../src/workspace/permissions.ts';
import { examplesOf } from './support/docs/examples.ts';
import { runPage, startSession } from './support/docs/run-page.ts';

const pages = ['README.md', 'CONTRIBUTING.md', ...globSync('docs/**/*.md')]
  .filter((path) => !/^docs\/(spec|decisions)\//.test(path))
  .sort();

const total = { run: 0, notRun: 0 };
for (const path of pages) {
  const text = readFileSync(path, 'utf8');
  if (examplesOf(text).length === 0) continue;
  test(`the examples of ${path} do what it says`, async (t) => {
    const { run, notRun, problems } = await runPage(t, text);
    t.diagnostic(`${path}: ${run} blocks run, ${notRun.length} not run`);
    for (const { line, reason } of notRun) t.diagnostic(`  ${path}:${line} not run: ${reason}`);
    total.run += run;
    total.notRun += notRun.length;
    assert.deepEqual(
      problems.map((problem) => `${path}:${problem.line}: ${problem.text}`),
      [],
    );
  });
}

test('docs/api-keys.md has a row for every permission', () => {
  const page = readFileSync('docs/api-keys.md', 'utf8');
  const rows = [...page.matchAll(/^\| `([a-z._]+)` \| (.+) \|$/gm)].map(([, name, opens = '']) => [
    name,
    opens.replaceAll('`', ''),
  ]);
  assert.deepEqual(rows, Object.entries(permissions));
});

test('docs/api/messages-send.md has every status and reason of a verdict, and every code that is ours', () => {
  const page = readFileSync('docs/api/messages-send.md', 'utf8');
  /** The words in one column of the table with this header. */
  const cells = (header: string, column = 0) => {
    const table = page.split(`\n${header}\n`)[1]?.split('\n\n')[0] ?? '';
    const rows = [...table.matchAll(/^\| (.+) \|$/gm)].map(([, row = '']) => row.split(' | ')[column] ?? '');
    return rows.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word));
  };
  assert.deepEqual(cells('| `status` | meaning |').sort(), [...sendStatuses].sort());
  const ofReasons = '| `reason` | `status` | meaning |';
  assert.deepEqual(cells(ofReasons).sort(), [...reasons].sort());
  const withReason = new Set<string>(['skipped', 'aborted', 'failed', 'bounced', 'expired', 'unknown', 'cancelled']);
  assert.deepEqual(new Set(cells(ofReasons, 1)), withReason);
  // A provider's own words are in upper case, capitals or digits; those in lower case are ours.
  const sources = globSync('src/{channels,dispatch}/**/*.ts').filter((path) => !path.endsWith('.test.ts'));
  const ours = sources.flatMap((path) =>
    [
      ...readFileSync(path, 'utf8').matchAll(
        /(?:kind: '(?:failed|bounced|retry|unknown)', reason|state: 'bounced', code): '([a-z][a-z_ ]+)'/g,
      ),
    ].map(([, code = '']) => code),
  );
  assert.ok(ours.length > 5);
  for (const code of ours) {
    const begins = `${code.split(' ')[0]} …`;
    assert.ok(page.includes(`\`${code}\``) || page.includes(`\`${begins}\``), `the code ${code} is missing`);
  }
});

test('docs/templates.md shows every filter and names every tag', () => {
  const page = readFileSync('docs/templates.md', 'utf8');
  for (const filter of dialectFilters.keys()) assert.match(page, new RegExp(`\\| ${filter}\\b|\`${filter}\``), filter);
  for (const tag of dialectTags.keys()) assert.ok(page.includes(`\`${tag}\``), tag);
});

/** Examples of each kind, and what could be changed in each so that it is not true any more. */
const samples: { page: string; changes: [string, string][] }[] = [
  {
    page: '```yaml\napps: [{ id: 0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11, name: Acme iOS, platform: ios }]\n```\n',
    changes: [
      ['platform: ios', 'platform: iso'],
      ['yaml', 'toml'],
    ],
  },
  {
    page: '<!-- POST /users/track -->\n```json\n{ "attributes": [{ "external_id": "ada", "first_name": "Ada" }] }\n```\n\n```json\n{"attributes_processed":1,"message":"success"}\n```\n',
    changes: [
      ['"attributes":', '"attribute":'],
      ['"attributes_processed":1', '"attributes_processed":2'],
      ['track -->', 'track 400 -->'],
    ],
  },
  {
    page: '```sh\ncurl "$URL/messages/send" -H "Authorization: Bearer $KEY" -d \'{"external_user_ids":["ada"],"messages":{"webhook":{"url":"https://example.com","request_method":"POST","body":"Hi {{${first_name}}}"}}}\'\n```\n\n<!-- in the sandbox -->\n```json\n{"method":"POST","url":"https://example.com","headers":{…},"body":"Hi Ada"}\n```\n',
    changes: [
      ['Bearer $KEY', 'Bearer x$KEY'],
      ['"body":"Hi Ada"', '"body":"Hi Bob"'],
      ['curl', 'curls'],
    ],
  },
  {
    page: "<!-- rendered -->\n```liquid\n{{ 'a' | upcase }} ⇒ A\n{{ 'a' | nosuchfilter }} ⇒ (400: …)\n```\n",
    changes: [
      ['⇒ A', '⇒ a'],
      ['(400: …)', '(render_error: …)'],
    ],
  },
  {
    page: "<!-- exits 2 -->\n```console\n$ cresset nothing\nerror: unknown command 'nothing'…\n```\n",
    changes: [
      ['exits 2', 'exits 3'],
      ['exits 2', 'ends with 2'],
      ["error: unknown command 'nothing'", 'error: no command'],
    ],
  },
  { page: '```js\nconst one = 1;\n```\n', changes: [['const one', 'const const one']] },
];

test('examples that are right have no problems, and each change of one is noticed', async (t) => {
  const session = await startSession(t);
  for (const { page, changes } of samples) {
    assert.deepEqual((await runPage(t, page, session)).problems, [], page);
    for (const [from, to] of changes) {
      assert.ok(page.includes(from), from);
      const { problems } = await runPage(t, page.replace(from, to), session);
      assert.notEqual(problems.length, 0, `${from} → ${to} was not noticed`);
    }
  }
});

test('the blocks of all pages', (t) => {
  t.diagnostic(`${total.run} blocks of all pages were run, ${total.notRun} were not`);
  assert.ok(total.run > 0);
});
