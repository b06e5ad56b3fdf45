import type { Db } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import { type ListPage, pageOf } from './list-page.ts';

export interface ListedSegment {
  id: string;
  name: string;
  analytics_tracking_enabled: boolean;
  tags: string[];
}

/** A page of the segments of a workspace, in order of creation. */
export function listSegments(db: Db, workspaceId: number, page: ListPage): Promise<ListedSegment[]> {
  return db.query<ListedSegment & Record<string, unknown>>(sql`
    select id, name, analytics_tracking_enabled, tags
      from segments
     where workspace_id = ${workspaceId} and removed_at is null ${pageOf(page)}`);
}

export interface SegmentDetails extends ListedSegment {
  description: string;
  /** The filter as stored. null: everybody. */
  filter: unknown;
  created_at: Date;
  updated_at: Date;
}

/** `id`: as the catalog has it. null: the segment is gone. */
export function readSegment(db: Db, workspaceId: number, id: string): Promise<SegmentDetails | null> {
  return db.maybeOne<SegmentDetails & Record<string, unknown>>(sql`
    select id, name, analytics_tracking_enabled, tags, description, filter, created_at, updated_at
      from segments
     where workspace_id = ${workspaceId} and id = ${id} and removed_at is null`);
}
