import { hash } from 'node:crypto';
import type { Database } from '../../../db/database.ts';
import { sql } from '../../../db/sql.ts';
import { findDispatches, type MatchedDispatch } from '../../../dispatch/report/console/find-sends.ts';
import { findPeople, type MatchedPerson } from '../../../people/profile/find-by-text.ts';
import type { Catalog, WorkspaceCatalog } from '../../../workspace/catalog.ts';

/** What a text is looked up as, in the order of the answer. */
export const findKinds = [
  ...(['dispatch', 'request', 'provider_message'] as const),
  ...(['external_id', 'alias', 'braze_id', 'email', 'phone', 'token'] as const),
  ...(['campaign', 'segment', 'group', 'app', 'send_id', 'key'] as const),
] as const;
export type FindKind = (typeof findKinds)[number];

/** Something that a text means. */
export interface Match {
  kind: FindKind;
  /** The id by which its page is reached: of a person the braze id, of a request its dispatch. */
  id: string;
  title: string;
  detail: string;
}

const MOST_NAMED = 20;

/** Everything that the text names exactly, or whose name begins with it. */
export async function findMatches(db: Database, workspace: WorkspaceCatalog, text: string): Promise<Match[]> {
  const asked = { workspaceId: workspace.id, appIds: [...workspace.apps.keys()], text };
  const [dispatches, people, others] = await Promise.all([
    findDispatches(db, workspace.id, text),
    findPeople(db, asked),
    findStored(db, workspace, text),
  ]);
  return [...dispatches.map(ofDispatch), ...people.map(ofPerson), ...findDefined(workspace, text), ...others];
}

/** Whether the text is an API key, which is not searched for. Keys are found by their hash. */
export function keyNamed(catalog: Catalog, text: string): string | null {
  return catalog.apiKey(hash('sha256', text, 'hex'))?.name ?? null;
}

function ofDispatch({ kind, dispatchId, campaignId, state, acceptedAt, channel }: MatchedDispatch): Match {
  const of = campaignId === null ? '' : ` of the campaign ${campaignId}`;
  const title = channel === null ? `Dispatch${of}` : `A message (${channel}) of a dispatch${of}`;
  return { kind, id: dispatchId, title, detail: `${state}, accepted ${acceptedAt.toISOString()}` };
}

function ofPerson({ kind, brazeId, externalId, name, of }: MatchedPerson): Match {
  const title = name ?? externalId ?? 'A person without a name';
  const ids = [...(externalId === null ? [] : [externalId]), ...(of === null ? [] : [of])];
  return { kind, id: brazeId, title, detail: ids.join(' · ') };
}

/** What an operator defined: by id, by name, or by the beginning of its name. */
function findDefined({ campaigns, segments, subscriptionGroups, apps }: WorkspaceCatalog, text: string): Match[] {
  const wanted = text.toLowerCase();
  const named = (kind: FindKind, all: ReadonlyMap<string, { id: string; name: string }>) => {
    const found = [...all.values()].filter(
      ({ id, name }) => id.toLowerCase() === wanted || name.toLowerCase().startsWith(wanted),
    );
    return found.slice(0, MOST_NAMED).map(({ id, name }): Match => ({ kind, id, title: name, detail: id }));
  };
  return [
    ...named('campaign', campaigns),
    ...named('segment', segments),
    ...named('group', subscriptionGroups),
    ...named('app', apps),
  ];
}

async function findStored(db: Database, { id }: WorkspaceCatalog, text: string): Promise<Match[]> {
  return db.query<Match & Record<string, unknown>>(sql`
    (select 'send_id' as kind, s.campaign_id as id, s.send_id as title, s.campaign_id as detail
       from send_ids s
       join campaigns c on c.id = s.campaign_id
      where s.send_id = ${text} and c.workspace_id = ${id}
      limit ${MOST_NAMED})
     union all
    (select 'key', name, name, 'API key ' || hint || '…, last used ' || coalesce(to_char(last_used_at at time zone 'UTC', 'YYYY-MM-DD'), 'never')
       from api_keys
      where workspace_id = ${id} and (name = ${text} or id::text = lower(${text}))
      limit ${MOST_NAMED})`);
}
