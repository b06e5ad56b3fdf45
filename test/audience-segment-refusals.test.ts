// Segments that are refused: malformed filters, and filters that refer to something that does not exist.
import assert from 'node:assert/strict';
import test from 'node:test';
import { parseAudience } from '../src/audience/grammar/parse.ts';
import { sql } from '../src/db/sql.ts';
import { RequestError } from '../src/errors.ts';
import { startTestApp } from './support/app.ts';
import { ALERTS, ALL, attribute, BLUE, definitions, GROUPED, nested, OLD_GROUP } from './support/segments.ts';

const refused: [filter: unknown, ...problems: string[]][] = [
  [
    { session_count_in_days: {} },
    'segment.session_count_in_days.comparison: nothing is not one of equals, not_equal, does_not_equal, greater_than, greater_than_or_equal_to, less_than, less_than_or_equal_to',
    'segment.session_count_in_days.value: expected a number, got nothing',
    'segment.session_count_in_days.days: expected an integer from 1 to 30, got nothing',
  ],
  [{ AND: [{ email_available: 'yes' }] }, 'segment.AND[0].email_available: expected true or false, got a text'],
  [{ NOT: [] }, 'segment.NOT: expected an object, got an array'],
  [
    { custom_event_count_in_days: { name: '', comparison: 'above', count: 51, days: 0, extra: 1 } },
    'segment.custom_event_count_in_days.extra: unknown member; name, comparison, count, days are known',
    'segment.custom_event_count_in_days.name: expected a non-empty text, got an empty one',
    'segment.custom_event_count_in_days.comparison: "above" is not one of equals, greater_than, less_than',
    'segment.custom_event_count_in_days.count: expected an integer from 0 to 50, got 51',
    'segment.custom_event_count_in_days.days: expected an integer from 1 to 30, got 0',
  ],
  [
    attribute('dob', 'equals', '1990-01-31'),
    `segment.attribute.comparison: "equals" is not one of less_than_x_days_ago, greater_than_x_days_ago, less_than_x_days_in_the_future, greater_than_x_days_in_the_future, after, before, exists, does_not_exist`,
  ],
  [attribute('country', 'equals', 5), 'segment.attribute.value: expected a text, got 5'],
  [attribute('country', 'is_any_of', []), 'segment.attribute.value: expected a text or an array of 1 to 256 texts'],
  [
    nested('a', 'b', 'after', '2026-13-01'),
    'segment.nested_custom_attribute.value: expected an ISO 8601 date or date-time, got another text',
  ],
  [
    nested('a', 'b', 'less_than_x_days_ago', -1),
    'segment.nested_custom_attribute.value: expected a number of days, 0 or more, got -1',
  ],
  [
    nested('a', 'b..c', 'exists'),
    'segment.nested_custom_attribute.path: expected up to 10 names joined by dots, such as address.city or stays[].hotel',
  ],
  [
    { push_enabled: { platform: 'symbian' } },
    'segment.push_enabled.platform: "symbian" is not one of ios, android, kindle, web',
  ],
  [
    { last_received: { channel: 'fax', comparison: 'after', value: '2026-13-01' } },
    'segment.last_received.channel: "fax" is not one of any, android_push, apple_push, content_card, email, kindle_push, sms, web_push, webhook, whats_app',
    'segment.last_received.value: expected an ISO 8601 date or date-time, got another text',
  ],
];

test('every problem of a segment is named with its path', () => {
  for (const [filter, ...problems] of refused) {
    assert.throws(
      () => parseAudience(JSON.parse(JSON.stringify(filter)), 'segment', { isSegment: true }),
      (error) =>
        error instanceof RequestError && assert.deepEqual([...error.errors].sort(), problems.sort()) === undefined,
    );
  }
});

test('a workspace file is refused if a segment refers to something that does not exist', async (t) => {
  const app = await startTestApp(t);
  await app.givenWorkspace(definitions);
  const segment = (filter: string) => `segments: [{ id: ${ALL.replace('4', '9')}, name: New, filter: ${filter} }]`;
  const table: [file: string, problem: RegExp][] = [
    [
      segment(`{ subscription_group: { subscription_group_id: nope, comparison: is, value: subscribed } }`),
      /segments\[0\]\.filter\.subscription_group\.subscription_group_id: does not name a subscription group of this workspace/,
    ],
    [
      segment(
        `{ NOT: { subscription_group: { subscription_group_id: ${OLD_GROUP}, comparison: is, value: subscribed } } }`,
      ),
      /segments\[0\]\.filter\.NOT\.subscription_group\.subscription_group_id: names an archived subscription group/,
    ],
    [
      segment(`{ push_enabled: { app_id: nope } }`),
      /segments\[0\]\.filter\.push_enabled\.app_id: does not name an app/,
    ],
    [
      segment(`{ received_campaign: { campaign_id: nope, comparison: has } }`),
      /segments\[0\]\.filter\.received_campaign\.campaign_id: does not name a campaign/,
    ],
    [
      segment(`{ segment: { segment_id: nope, comparison: in } }`),
      /segments\[0\]\.filter\.segment\.segment_id: does not name a segment/,
    ],
    [
      segment(`{ segment: { segment_id: ${GROUPED}, comparison: in } }`),
      /segments\[0\]\.filter\.segment\.segment_id: names a segment that itself uses the filter "segment"/,
    ],
    // A segment that the file does not name would lose what it refers to.
    [
      `segments: [{ id: ${BLUE}, name: Blue eyes, archived: true, filter: null }]`,
      new RegExp(`segment ${GROUPED} \\(not in the file\\)\\.filter\\.segment\\.segment_id: names an archived segment`),
    ],
  ];
  for (const [file, problem] of table) await assert.rejects(app.givenWorkspace(file), problem);
  await app.givenWorkspace(segment(`{ segment: { segment_id: ${BLUE}, comparison: in } }`));
});

test('a send is refused if its segment has lost what it refers to', async (t) => {
  const app = await startTestApp(t);
  await app.givenWorkspace(`${definitions}
  - { id: ${ALL.replace('4', '9')}, name: New, filter: { AND: [{ subscription_group: { subscription_group_id: ${ALERTS}, comparison: is, value: subscribed } }] } }`);
  await app.db.run(sql`update subscription_groups set archived = true where id = ${ALERTS}`);
  await app.refreshCatalog();
  const { status, body } = await app.post('/messages/send', {
    segment_id: ALL.replace('4', '9'),
    broadcast: true,
    messages: { webhook: { url: 'https://example.com/', request_method: 'POST' } },
  });
  assert.deepEqual(
    [status, body.errors],
    [400, ['segment.AND[0].subscription_group.subscription_group_id: names an archived subscription group']],
  );
});
