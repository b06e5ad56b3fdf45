import type { Db } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import { type ListPage, pageOf } from './list-page.ts';

export interface ListedCampaign {
  id: string;
  name: string;
  kind: 'api' | 'api_triggered' | 'transactional';
  tags: string[];
  archived: boolean;
  updated_at: Date;
}

/** A page of the campaigns of a workspace, in order of creation. */
export function listCampaigns(db: Db, workspaceId: number, page: ListPage): Promise<ListedCampaign[]> {
  return db.query<ListedCampaign & Record<string, unknown>>(sql`
    select id, name, kind, tags, archived, updated_at
      from campaigns
     where workspace_id = ${workspaceId} ${pageOf(page)}`);
}

export interface ListedCanvas {
  id: string;
  name: string;
  tags: string[];
  updated_at: Date;
}

/** A page of the Canvas ids under which campaigns are triggered, in the order in which the campaigns were created. */
export function listCanvases(db: Db, workspaceId: number, page: ListPage): Promise<ListedCanvas[]> {
  return db.query<ListedCanvas & Record<string, unknown>>(sql`
    select canvas_id as id, canvas_name as name, tags, updated_at
      from campaigns
     where workspace_id = ${workspaceId} and canvas_id is not null ${pageOf(page)}`);
}

export interface CampaignDetails extends ListedCampaign {
  description: string;
  created_at: Date;
  /** Percent of the people who get nothing. */
  control_share: number;
  /** In order of their ids. `weight`: percent of the people who get it. null: people are not divided. */
  variations: { id: string; name: string; channel: string; weight: number | null }[];
}

/** A campaign with its variations. `id`: as the catalog has it. null: it is gone. */
export async function readCampaign(db: Db, workspaceId: number, id: string): Promise<CampaignDetails | null> {
  return db.maybeOne<CampaignDetails & Record<string, unknown>>(sql`
    select id, name, kind, tags, updated_at, description, archived, created_at, control_share,
           (select coalesce(json_agg(json_build_object('id', v.id, 'name', v.name, 'channel', v.channel, 'weight', v.weight)
                                     order by v.id), '[]')
              from message_variations v
             where v.campaign_id = c.id) as variations
      from campaigns c
     where workspace_id = ${workspaceId} and id = ${id}`);
}
