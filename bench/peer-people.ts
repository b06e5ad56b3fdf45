import { connect, type Database } from '../src/db/database.ts';
import { sql } from '../src/db/sql.ts';
import { prepare } from '../src/dispatch/plan/loaded-dispatch.ts';
import type { SendPlan } from '../src/dispatch/plan/send-plan.ts';
import { compileMessages } from '../src/dispatch/plan/templates.ts';
import { Problems } from '../src/lib/raw/problems.ts';
import { loadRecipients, type Recipient } from '../src/people/profile/facts.ts';
import { allNeeds } from '../src/people/profile/needs.ts';
import type { WorkspaceCatalog } from '../src/workspace/catalog.ts';
import { secretFrom } from '../src/workspace/secrets.ts';
import { watchCatalog } from '../src/workspace/watch-catalog.ts';
import { SECRET } from './server.ts';

export interface PeerRate {
  perSecond: number;
  cpuSecondsPer1000: number;
}

/** The plan of a request that has only messages. */
const emptyPlan: SendPlan = {
  version: 1,
  names: [],
  segmentId: null,
  audience: null,
  campaignId: null,
  sendId: null,
  obeysCaps: true,
  countsTowardCaps: true,
  requiredState: 'subscribed',
  delivery: 'at_least_once',
  messages: {},
};

/** Everybody in the workspace, and what makes one person's message as the server does: parsed once, rendered for each. */
export interface Rendered {
  people: Recipient[];
  workspace: WorkspaceCatalog;
  render(person: Recipient): object;
}

export async function loadRendered(
  databaseUrl: string,
  channel: keyof SendPlan['messages'],
  message: object,
): Promise<Rendered> {
  const db = connect({ url: databaseUrl, max: 2 });
  const catalog = await watchCatalog(db, secretFrom(SECRET), (error) => {
    throw error;
  });
  const { id: workspaceId } = await db.one<{ id: number }>(sql`select id from workspaces`);
  const workspace = catalog.current().workspace(workspaceId);
  if (workspace === undefined) throw new Error('there is no workspace');
  const people = await loadPeople(db, workspaceId);
  await catalog.stop();
  await db.close();
  const messages = compileMessages({ [channel]: message }, new Problems());
  const now = new Date();
  const dispatch = prepare({ id: 'x', state: 'sending', accepted_at: now }, workspace, { plan: emptyPlan, messages });
  const prepared = dispatch.messages.get(channel);
  if (prepared === undefined) throw new Error('there is no message');
  return {
    people,
    workspace,
    render({ person }) {
      const context = { now, person, dispatchId: 'x', campaign: null, variation: null, links: null };
      const facts = { now, timeZone: 'UTC', dispatchId: 'x', campaignId: null, unsubscribeUrl: null, provider: null };
      return prepared.channel.render(prepared.renderTexts(context), facts);
    },
  };
}

async function loadPeople(db: Database, workspaceId: number): Promise<Recipient[]> {
  const keys = await db.query<{ bucket: number; userId: number }>(sql`
    select bucket, user_id as "userId" from profiles`);
  const people: Recipient[] = [];
  for (let at = 0; at < keys.length; at += 5_000) {
    const found = await loadRecipients(db, { workspaceId, people: keys.slice(at, at + 5_000), needs: allNeeds });
    people.push(...found.values());
  }
  return people;
}

/** How fast `run` reaches `count` people, and what it takes from the processor. */
export async function measured(count: number, run: () => Promise<void>): Promise<PeerRate> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  await run();
  const perSecond = count / ((performance.now() - start) / 1_000);
  const { user, system } = process.cpuUsage(cpu);
  return { perSecond, cpuSecondsPer1000: (user + system) / 1_000 / count };
}

/** Sends to all people with `loops` concurrent loops. `senderOf` makes the function that one loop sends with. */
export async function inParallel(
  people: readonly Recipient[],
  loops: number,
  senderOf: () => (person: Recipient) => Promise<void>,
): Promise<void> {
  let next = 0;
  const loop = async () => {
    const send = senderOf();
    for (let person = people[next++]; person !== undefined; person = people[next++]) await send(person);
  };
  await Promise.all(Array.from({ length: loops }, loop));
}
