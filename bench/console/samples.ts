import type { Database } from '../../src/db/database.ts';
import { raw, type Sql, sql } from '../../src/db/sql.ts';
import { undashed } from '../../src/lib/uuid.ts';
import { brazeId } from '../../src/people/profile/braze-id.ts';
import type { Samples } from './pages.ts';
import { SEGMENT_IDS } from './seed.ts';
import type { Asked } from './timing.ts';

const MANY = 40;

/** Draws what pages are opened of, anew at each call: none of it was read lately. */
export async function drawSamples(db: Database): Promise<Samples> {
  const dispatchesOf = async (where: Sql) => {
    const rows = await db.query<{ id: string }>(
      sql`select id from dispatches where state = 'finished' and ${where} order by random() limit ${MANY}`,
    );
    return rows.map(({ id }) => undashed(id));
  };
  const braze = (rows: { created_at: Date; bucket: number; user_id: number }[]) =>
    rows.map(({ created_at, bucket, user_id }) => brazeId(created_at, bucket, user_id));
  const person = sql`p.created_at, p.bucket, p.user_id`;
  const people = await db.query<{ created_at: Date; bucket: number; user_id: number }>(
    sql`select ${person} from profiles p tablesample bernoulli (1) order by random() limit ${MANY}`,
  );
  const thousandth = await dispatchesOf(sql`targeted between 10 and 20000`);
  const [why = ''] = thousandth;
  const whyPeople = await db.query<{ created_at: Date; bucket: number; user_id: number }>(sql`
    select ${person} from sends s join profiles p on p.bucket = s.bucket and p.user_id = s.user_id
     where s.dispatch_id = ${why} limit ${MANY}`);
  const outbox = await db.query<{ dispatch_id: string; created_at: Date; bucket: number; user_id: number }>(sql`
    select s.dispatch_id, ${person} from sandbox_messages s join profiles p on p.bucket = s.bucket and p.user_id = s.user_id
     order by random() limit ${MANY}`);
  const [campaigns, segments] = [await idsOf(db, 'campaigns'), await idsOf(db, 'segments')];
  return {
    all: await dispatchesOf(sql`lane = 1 and targeted = (select max(targeted) from dispatches)`),
    tenth: await dispatchesOf(sql`lane = 1 and targeted > 20000 and targeted < (select max(targeted) from dispatches)`),
    ...{ thousandth, one: await dispatchesOf(sql`lane = 0`), campaigns, segments },
    people: braze(people),
    why: { dispatch: why, people: braze(whyPeople) },
    outbox: outbox.map((row) => [undashed(row.dispatch_id), braze([row])[0] ?? '']),
  };
}

async function idsOf(db: Database, table: 'campaigns' | 'segments'): Promise<string[]> {
  const some = sql`select id from ${raw(table)} order by random() limit ${MANY}`;
  return (await db.query<{ id: string }>(some)).map(({ id }) => id);
}

/** What is typed into the search field, by what it is. */
export async function drawFinds(db: Database, people: number): Promise<Record<string, Asked[]>> {
  const numbers = Array.from({ length: MANY }, () => 1 + Math.floor(Math.random() * people));
  const textsOf = async (statement: Sql) => (await db.query<{ text: string }>(statement)).map(({ text }) => text);
  const devices = await textsOf(
    sql`select token as text from push_targets where device_id = any(${numbers.map((n) => `d${n}`)}::text[])`,
  );
  const dispatches = sql`from dispatches where request_id is not null order by random() limit ${MANY}`;
  const texts: Record<string, string[]> = {
    'external id': numbers.map((n) => `person-${n}`),
    alias: numbers.map((n) => `crm-${1 + Math.floor(n / 10) * 10}`),
    'email address': numbers.map((n) => `Person-${n}@example.test`),
    'phone number': numbers.map((n) => `+1 (512) ${String(n - (n % 2)).padStart(7, '0')}`),
    'push token': devices,
    'braze id': (await drawSamples(db)).people.slice(),
    'dispatch id': await textsOf(sql`select id::text as text ${dispatches}`),
    'request id': await textsOf(sql`select request_id::text as text ${dispatches}`),
    "provider's message id": await textsOf(sql`
      select provider_message_id as text from provider_messages tablesample bernoulli (0.1) limit ${MANY}`),
    'campaign id': numbers.map((n) => `campaign-${String(n % 1_000).padStart(5, '0')}`),
    'beginning of campaign names': numbers.map((n) => `Campaign ${String(n % 100).padStart(3, '0')}`),
    'segment id': numbers.map((n) => `${SEGMENT_IDS}${(n % 300).toString(16).padStart(12, '0')}`),
    'segment name': numbers.map((n) => `Segment ${n % 300}`),
    'send id': numbers.map((n) => `spring-${(n % 1_000) * 10}`),
    'what nobody has': numbers.map((n) => `nobody-${n}`),
  };
  return Object.fromEntries(
    Object.entries(texts).map(([kind, all]) => [kind, all.map((text) => ({ path: 'find', body: { text } }))]),
  );
}
