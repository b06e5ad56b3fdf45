import { connect, type Database } from '../src/db/database.ts';
import { attachEmbedded } from '../src/db/embedded/embedded.ts';
import { sql } from '../src/db/sql.ts';
import { totalPastDays } from '../src/dispatch/ledger/statistics/day-totals.ts';
import { type Figure, percentile } from './figure.ts';
import { numberOption } from './options.ts';
import { APP, type BenchServer, KEY, startBenchServer } from './server.ts';

const SENDS = 10_000_000;
const BAR_MS = 100;
const WARM = 20;
const REQUESTS = 200;
const DAYS = 100;
const CHANNELS = ['email', 'apple_push', 'android_push', 'sms', 'webhook'];
const CAMPAIGNS = 3;
/** A day has at most a hundred, and they are counted apart for 16 days. */
const SEND_IDS = 100;
const DAYS_APART = 16;
const SHARDS = 16;

/**
 * Measures data series over the numbers that ten million sends of a campaign leave. The numbers are made as rows, since the
 * series read nothing else: two variations in each of five channels on a hundred days, today in sixteen shards. One campaign
 * has no send ids; the others have a hundred on each of the last sixteen days, which is the most that a workspace may make.
 * Housekeeping then adds up the days that are past, as it does every hour.
 */
export async function benchSeries(): Promise<Figure[]> {
  const rounds = numberOption('rounds', REQUESTS);
  const server = await startBenchServer(workspace());
  const url = (await attachEmbedded({ dataDir: server.dataDir })) ?? '';
  const db = connect({ url, max: 1 });
  try {
    await server.post('/sends/id/create', { campaign_id: 'c1', send_id: 's0' });
    await fill(db);
    await totalPastDays(db, new Date());
    const plain = await seriesOf({ server, db, rounds }, 'c0', 'without send ids');
    const many = await seriesOf({ server, db, rounds }, 'c1', `with ${SEND_IDS} send ids a day`);
    const send = await ask(server, `/sends/data_series?campaign_id=c1&send_id=s0&length=${DAYS}`, rounds);
    return [plain, many, figureOf('/sends/data_series of one of these send ids: p50 / p99', send.times)];
  } finally {
    await db.close();
    await server.stop();
  }
}

interface Asking {
  server: BenchServer;
  db: Database;
  rounds: number;
}

/** The series of a campaign, whose numbers must add up to its rows. */
async function seriesOf({ server, db, rounds }: Asking, campaignId: string, which: string): Promise<Figure> {
  const { sent, rows } = await db.one<{ sent: number; rows: number }>(sql`
    select sum(sent)::bigint as sent,
           (select count(*) from feedback_days where campaign_id = ${campaignId}) + count(*) as rows
      from campaign_days where campaign_id = ${campaignId}`);
  const answer = await ask(server, `/campaigns/data_series?campaign_id=${campaignId}&length=${DAYS}`, rounds);
  if (answer.sent !== sent) throw new Error(`the series has ${answer.sent} sends of ${sent}`);
  const of = `${sent.toLocaleString('en-US')} sends, ${DAYS} days, ${which}, ${rows.toLocaleString('en-US')} rows`;
  return figureOf(`/campaigns/data_series over ${of}: p50 / p99`, answer.times);
}

function figureOf(what: string, times: number[]): Figure {
  const [p50, p99] = [percentile(times, 0.5), percentile(times, 0.99)];
  return {
    what,
    value: `${p50.toFixed(1)} / ${p99.toFixed(1)} ms`,
    bar: `${BAR_MS} ms (p99)`,
    holds: p99 <= BAR_MS,
  };
}

function workspace(): string {
  const variations = CHANNELS.flatMap((channel) =>
    [1, 2].map((n) => `{ id: ${channel}-${n}, channel: ${channel.replace('apple', 'ios')} }`),
  );
  const campaigns = Array.from(
    { length: CAMPAIGNS },
    (_, n) => `  - { id: c${n}, name: C${n}, kind: api, variations: [${variations.join(', ')}] }`,
  );
  return `apps: [{ id: ${APP}, name: iOS, platform: ios }]\ncampaigns:\n${campaigns.join('\n')}\n`;
}

/** Writes the numbers of all campaigns. */
async function fill(db: Database): Promise<void> {
  const variations = CHANNELS.length * 2;
  const plain = Math.ceil(SENDS / (variations * (DAYS - 1 + SHARDS)));
  const many = Math.ceil(SENDS / (variations * (DAYS - DAYS_APART + (DAYS_APART - 1) * SEND_IDS + SHARDS * SEND_IDS)));
  const perRow = sql`case when campaign = 0 then ${plain}::bigint else ${many}::bigint end`;
  const isApart = sql`campaign > 0 and age < ${DAYS_APART}`;
  const parts = sql`
    from generate_series(0, ${DAYS - 1}) as age
    cross join generate_series(0, ${CAMPAIGNS - 1}) as campaign
    cross join unnest(${CHANNELS}::text[]) as channel
    cross join generate_series(1, 2) as variation
    cross join generate_series(0, case when ${isApart} then ${SEND_IDS - 1} else 0 end) as send`;
  const key = sql`
    'c' || campaign, (now() at time zone 'UTC')::date - age, channel,
    channel || '-' || variation, case when ${isApart} then 's' || send else '' end`;
  await db.run(sql`
    insert into campaign_days (campaign_id, day, channel, variation_id, send_id, shard, sent, recipients, failed, bounced)
    select ${key}, shard, ${perRow}, ${perRow}, 1, 1
    ${parts}
    cross join generate_series(case when age = 0 then 0 else -1 end, case when age = 0 then ${SHARDS - 1} else -1 end) as shard`);
  await db.run(sql`
    insert into feedback_days (campaign_id, day, channel, variation_id, send_id, metric, total)
    select ${key}, metric, ${perRow}
    ${parts} cross join unnest(array['opens', 'unique_opens', 'clicks', 'unique_clicks']) as metric`);
  await db.run(sql`analyze campaign_days, feedback_days`);
}

interface Answer {
  data: { messages: Record<string, { sent: number }[]> }[];
}

/** Asks one after the other. Returns the times in milliseconds, and the sends that the last answer has. */
async function ask({ url }: BenchServer, path: string, rounds: number): Promise<{ times: number[]; sent: number }> {
  const headers = { authorization: `Bearer ${KEY}` };
  const times: number[] = [];
  let answer: Answer = { data: [] };
  for (let round = 0; round < WARM + rounds; round += 1) {
    const start = performance.now();
    const response = await fetch(url + path, { headers });
    answer = (await response.json()) as Answer;
    if (!response.ok) throw new Error(`${path}: ${response.status} ${JSON.stringify(answer)}`);
    if (round >= WARM) times.push(performance.now() - start);
  }
  const entries = answer.data.flatMap(({ messages }) => Object.values(messages).flat());
  return { times, sent: entries.reduce((sum, { sent }) => sum + sent, 0) };
}
