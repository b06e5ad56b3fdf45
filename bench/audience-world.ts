import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { connect, type Database } from '../src/db/database.ts';
import { attachEmbedded } from '../src/db/embedded/embedded.ts';
import { sql } from '../src/db/sql.ts';
import { APP, type BenchServer, startBenchServer } from './server.ts';

export const EVERYBODY = '11111111-1111-4111-8111-111111111111';

/** The counts of a mail counter. Times are in milliseconds since 1970. */
export interface MailCounts {
  firstAt: number | null;
  lastAt: number | null;
  total: number;
  people: number;
  twice: number;
}

export interface AudienceWorld {
  server: BenchServer;
  db: Database;
  /** Replaces all people. Their attributes: plan (pro or free), tenth, rare (one in a thousand), points, city. */
  fill(people: number): Promise<void>;
  /** Deletes dispatches and sends. */
  clear(): Promise<void>;
  mails(order: 'reset' | 'count'): Promise<MailCounts>;
  /** Resident memory of the server process, in MB. */
  memory(): number;
  stop(): Promise<void>;
}

/** Starts a server with its database, and a mail counter, each in its own process. */
export async function startAudienceWorld(): Promise<AudienceWorld> {
  const counter = spawn(process.execPath, [fileURLToPath(new URL('./mail-counter.ts', import.meta.url))], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const smtp = await messageFrom<string>(counter);
  const server = await startBenchServer(`
apps: [{ id: ${APP}, name: iOS, platform: ios }]
email: { default_from: a@acme.test, smtp: { url: "${smtp}" } }
segments: [{ id: ${EVERYBODY}, name: Everybody, filter: null }]
rate_limits: { broadcast_per_audience: 1000000 }
`);
  const url = await attachEmbedded({ dataDir: server.dataDir });
  if (url === null) throw new Error('the database of the server was not found');
  const db = connect({ url });
  return {
    server,
    db,
    fill: (people) => fill(db, people),
    async clear() {
      await db.run(sql`truncate sends, tasks, dispatches, address_claims`);
      await db.run(sql`checkpoint`);
    },
    mails(order) {
      const answer = messageFrom<MailCounts>(counter);
      counter.send(order);
      return answer;
    },
    memory: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1]) / 1024,
    async stop() {
      await db.close();
      await server.stop();
      counter.kill();
    },
  };
}

function messageFrom<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve) => child.once('message', (message) => resolve(message as T)));
}

async function fill(db: Database, people: number): Promise<void> {
  await db.run(sql`truncate profiles, user_names`);
  const STEP = 250_000;
  for (let done = 0; done < people; done += STEP) {
    await db.run(sql`
      with numbered as materialized (
        select nextval('user_ids') as user_id, n
          from generate_series(${done + 1}::integer, ${Math.min(done + STEP, people)}::integer) as n
      )
      insert into profiles (bucket, user_id, workspace_id, external_id, first_name, email, custom)
      select bucket_of(user_id), user_id, (select id from workspaces), 'p' || n, 'Name ' || n,
             'p' || n || '@example.test',
             jsonb_build_object('plan', case when n % 2 = 0 then 'pro' else 'free' end, 'tenth', n % 10 = 0,
                                'rare', n % 1000 = 7, 'points', n % 1000, 'city', 'City ' || n % 5000)
        from numbered`);
  }
  await db.run(sql`vacuum analyze profiles`);
}

export const email = { app_id: APP, subject: 'Hi {{${first_name}}}', body: '<p>Hello {{${first_name}}}</p>' };

export const attribute = (custom_attribute_name: string, value: unknown) => ({
  custom_attribute: { custom_attribute_name, comparison: 'equals', value },
});

/** Checks every 20 ms until `done`. */
export async function until(done: () => Promise<boolean>): Promise<void> {
  while (!(await done())) await new Promise((again) => setTimeout(again, 20));
}
