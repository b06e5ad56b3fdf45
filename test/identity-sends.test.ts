// People are merged, identified, renamed and deleted while a broadcast goes out to them.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { sql } from '../src/db/sql.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { startWebhookSink } from './support/webhook-sink.ts';

const EVERYBODY = '11111111-1111-4111-8111-111111111111';
const PEOPLE = 1_200;
const OPERATIONS = 1_000;
const CALLERS = 8;

const person = fc.integer({ min: 1, max: PEOPLE });
const operations = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constant('merge' as const), person, person) },
  { weight: 3, arbitrary: fc.tuple(fc.constant('rename' as const), person, person) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('identify' as const), person, person) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('delete' as const), person, person) },
);
type Operation = typeof operations extends fc.Arbitrary<infer T> ? T : never;

/** The request of an operation. The second half of the people have an alias and no external id. */
function requestOf([kind, one, other]: Operation): [path: string, body: object] {
  const identifier = (n: number) =>
    n <= PEOPLE / 2 ? { external_id: `p${n}` } : { user_alias: { alias_label: 'l', alias_name: `p${n}` } };
  if (kind === 'merge') {
    const merge_updates = [{ identifier_to_merge: identifier(one), identifier_to_keep: identifier(other) }];
    return ['/users/merge', { merge_updates }];
  }
  if (kind === 'rename') {
    const external_id_renames = [{ current_external_id: `p${one}`, new_external_id: `r${one}-${other}` }];
    return ['/users/external_ids/rename', { external_id_renames }];
  }
  if (kind === 'identify') {
    const alias = { alias_label: 'l', alias_name: `p${(PEOPLE / 2) + (one % (PEOPLE / 2)) + 1}` };
    return ['/users/identify', { aliases_to_identify: [{ external_id: `p${other}`, user_alias: alias }] }];
  }
  return [
    '/users/delete',
    one <= PEOPLE / 2
      ? { external_ids: [`p${one}`] }
      : { user_aliases: [identifier(one)].map(({ user_alias }) => user_alias) },
  ];
}

async function givenPeople(app: TestApp): Promise<void> {
  const numbers = Array.from({ length: PEOPLE }, (_, index) => index + 1);
  for (let first = 0; first < PEOPLE; first += 50) {
    const some = numbers.slice(first, first + 50);
    const named = some.filter((n) => n <= PEOPLE / 2);
    const aliased = some.filter((n) => n > PEOPLE / 2);
    const attributes = [
      ...named.map((n) => ({ external_id: `p${n}`, origin: `o${n}` })),
      ...aliased.map((n) => ({
        user_alias: { alias_label: 'l', alias_name: `p${n}` },
        _update_existing_only: false,
        origin: `o${n}`,
      })),
    ];
    assert.equal((await app.post('/users/track', { attributes })).status, 201);
  }
}

test('whatever happens to identities during a broadcast, nobody gets it twice, nobody is lost, the books balance', async (t) => {
  const sink = await startWebhookSink(t);
  const app = await startTestApp(t);
  await app.startAnotherWorker();
  await app.givenWorkspace(`
segments: [{ id: ${EVERYBODY}, name: Everybody, filter: null }]
webhook: { deliver: true, allow: ["${sink.host}"] }`);
  await givenPeople(app);
  const release = sink.holdAfter(100);
  const { body } = await app.post('/messages/send', {
    broadcast: true,
    segment_id: EVERYBODY,
    messages: { webhook: { url: `http://${sink.host}/{{custom_attribute.\${origin}}}`, request_method: 'POST' } },
  });
  const queue = fc.sample(operations, {
    numRuns: OPERATIONS,
    seed: Number(process.env.CRESSET_TEST_SEED ?? Date.now()),
  });
  const seed = JSON.stringify(queue.slice(0, 3));
  const statuses = new Map<string, number>();
  async function callAll(): Promise<void> {
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      if (queue.length === OPERATIONS / 2) release();
      const [path, request] = requestOf(next);
      const { status } = await app.post(path, request);
      statuses.set(`${path} ${status}`, (statuses.get(`${path} ${status}`) ?? 0) + 1);
    }
  }
  await Promise.all(Array.from({ length: CALLERS }, callAll));
  for (let open = 1; open > 0; ) {
    await app.drain();
    ({ open } = await app.db.one<{ open: number }>(sql`select count(*) as open from tasks`));
  }
  assert.deepEqual(
    [...statuses.keys()].sort(),
    ['/users/delete 201', '/users/external_ids/rename 201', '/users/identify 201', '/users/merge 202'],
    'no request fails',
  );

  const twice = [...sink.received].filter(([, times]) => times !== 1);
  assert.deepEqual(twice, [], `twice (${seed})`);
  const left = await app.db.query<{ origin: string }>(sql`select custom ->> 'origin' as origin from profiles`);
  const lost = left.filter(({ origin }) => !sink.received.has(origin));
  assert.ok(left.length > PEOPLE / 4 && left.length < PEOPLE - 100, `${left.length} people are left`);
  assert.deepEqual(lost, [], `lost (${seed})`);

  const shown = (await app.get(`/dispatches/${body.dispatch_id}`)).body;
  const { recipients, sent, unknown_user, ...others } = shown.channels.webhook;
  assert.equal(shown.state, 'finished');
  assert.equal(recipients, shown.counts.targeted);
  assert.equal(sent, sink.total());
  assert.ok(unknown_user > 20, `${unknown_user} people went away before their turn`);
  assert.equal(sent + unknown_user, recipients, JSON.stringify(others));
  const orphans = await app.db.query(sql`
    select n.label, n.name from user_names n left join profiles p on p.bucket = n.bucket and p.user_id = n.user_id
     where p.user_id is null`);
  assert.deepEqual(orphans, [], 'no name leads to nobody');
  const nameless = await app.db.query(sql`
    select external_id from profiles p
     where external_id is not null
       and not exists (select from user_names n where n.label = '' and n.name = p.external_id and n.user_id = p.user_id)`);
  assert.deepEqual(nameless, [], 'every primary id is a name of its person');
});
