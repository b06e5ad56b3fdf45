import { StoredTexts } from '../../../content/texts.ts';
import type { Db } from '../../../db/database.ts';
import { sql } from '../../../db/sql.ts';
import { RequestError } from '../../../errors.ts';
import type { Clock } from '../../../lib/clock.ts';
import { type FoundPerson, namesOf } from '../../../people/profile/find-person.ts';
import type { WorkspaceCatalog } from '../../../workspace/catalog.ts';
import type { SendOrigins } from '../../ledger/feedback/send-origins.ts';
import type { SendPlan } from '../../plan/send-plan.ts';
import { readStoredPlans } from '../../plan/stored-plans.ts';
import type { DryRun } from '../dry-run/dry-run.ts';
import { listRecipients } from '../recipients.ts';
import type { DispatchRow } from '../verdicts.ts';
import { findWaits } from '../waits/waits.ts';

export interface Why {
  /** The verdicts of the person that the ledger recorded, one for each channel. Empty: the dispatch did not target the person. */
  recorded: object[];
  /** What a dry run of the same request says of the person now. null: there can be none; `notNow` says why. */
  now: readonly object[] | null;
  notNow: string | null;
}

export interface WhyDeps {
  db: Db;
  clock: Clock;
  dryRun: DryRun;
  origins: SendOrigins;
}

const MOST_BYTES = 8 * 1_048_576;
const MOST_VERDICTS = 50;

/** Why a person got a dispatch or not: what was recorded then, and what would become of it now. */
export async function explainSend(
  { db, clock, dryRun, origins }: WhyDeps,
  workspace: WorkspaceCatalog,
  { dispatch, person }: { dispatch: DispatchRow; person: FoundPerson },
): Promise<Why> {
  const names = await namesOf(db, person.key);
  const { waits_for: waitsFor, state, lane } = dispatch;
  const { verdicts: recorded } = await listRecipients(db, dispatch, {
    ...{ status: null, channel: null, reason: null, minAttempts: 0, after: null, limit: MOST_VERDICTS },
    person: { key: person.key, names },
    origins,
    waits: await findWaits(
      db,
      { dispatchId: dispatch.id, waitsFor, state, lane },
      { workspaceId: workspace.id, workspace, now: clock.now() },
    ),
  });
  const [name] = names;
  if (name === undefined) return { recorded, now: null, notNow: 'the person has no external id and no alias' };
  const stored = await readPlan(db, dispatch.id);
  if (stored === null) return { recorded, now: null, notNow: 'the request is not kept any more' };
  const plan: SendPlan = { ...stored.plan, names: [name] };
  try {
    const remarks = { minors: [], warnings: [] };
    const answer = await dryRun({ plan, content: stored.content, workspace, remarks });
    const { recipients } = answer as { recipients: readonly object[] };
    return { recorded, now: recipients, notNow: null };
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    return { recorded, now: null, notNow: error.message };
  }
}

async function readPlan(db: Db, id: string) {
  const row = await db.maybeOne<{ request: string }>(
    sql`select request::text as request from dispatches where id = ${id}`,
  );
  if (row === null) return null;
  const read = await readStoredPlans(db, [{ id, request: row.request }], {
    texts: new StoredTexts(),
    mostBytes: MOST_BYTES,
  });
  return read.get(id) ?? null;
}
