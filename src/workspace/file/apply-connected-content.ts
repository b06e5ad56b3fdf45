import { sql } from '../../db/sql.ts';
import { openContentSection, sealContent } from '../sealed/sealed-content.ts';
import { UNREADABLE, unlessUnreadable } from '../sealed/sealed-provider.ts';
import type { Step } from './apply-step.ts';
import { type Change, changeOf, isWrite } from './plan.ts';

/** Applies the section connected_content, which replaces the stored one. */
export async function applyConnectedContent({ tx, workspaceId, file, secret, reseal }: Step): Promise<Change[]> {
  const wanted = file.connected_content;
  if (wanted === null) return [];
  const { sealed } = await tx.one<{ sealed: Buffer | null }>(sql`
    select connected_content as sealed from workspaces where id = ${workspaceId}`);
  const opened = sealed === null ? {} : unlessUnreadable(() => openContentSection(sealed, secret, workspaceId), reseal);
  // What cannot be read differs from what the file gives, so that it is written anew.
  const stored = opened === UNREADABLE ? { allow: UNREADABLE } : opened;
  const change = changeOf({ what: 'connected_content', id: null, name: '' }, wanted, stored);
  if (isWrite(change)) {
    await tx.run(sql`
      update workspaces set connected_content = ${sealContent(wanted, secret, workspaceId)} where id = ${workspaceId}`);
  }
  return [change];
}
