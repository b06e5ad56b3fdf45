import { footerProblem, footerSlips } from '../../channels/email/footer.ts';
import { emailSection, sealedEmailMembers } from '../../channels/email/settings.ts';
import { trackingSection } from '../../channels/tracking.ts';
import { webhookSection } from '../../channels/webhook/settings.ts';
import { joinSql, sql } from '../../db/sql.ts';
import { firstProblem } from '../../lib/raw/problems.ts';
import type { Shape } from '../../lib/raw/shape.ts';
import { openEmail, sealEmail } from '../sealed/sealed-email.ts';
import { unlessUnreadable } from '../sealed/sealed-provider.ts';
import type { StoredSettings } from '../settings.ts';
import type { Step } from './apply-step.ts';
import {
  audienceSection,
  eventsSection,
  itemCatalogsSection,
  liquidSection,
  requestsSection,
  schedulesSection,
  usersSection,
} from './file-shape.ts';
import { type Change, changeOf, isWrite } from './plan.ts';

/** Applies the workspace's name and time zone. */
export async function applyWorkspaceItself({ tx, workspaceId, file, problems }: Step): Promise<Change[]> {
  if (file.name === null && file.time_zone === null) return [];
  const stored = await tx.one<{ name: string; time_zone: string }>(sql`
    select name, time_zone from workspaces where id = ${workspaceId}`);
  const wanted = { name: file.name ?? stored.name, time_zone: file.time_zone ?? stored.time_zone };
  const namesakes = await tx.query(sql`select 1 from workspaces where name = ${wanted.name} and id <> ${workspaceId}`);
  if (namesakes.length > 0) {
    problems.push('name: is the name of another workspace');
    return [];
  }
  const change = changeOf({ what: 'workspace', id: null, name: wanted.name }, wanted, stored);
  if (isWrite(change)) {
    await tx.run(sql`
      update workspaces set name = ${wanted.name}, time_zone = ${wanted.time_zone} where id = ${workspaceId}`);
  }
  return [change];
}

/** Applies the sections email, webhook, tracking, audience, requests, liquid, schedules, users, tags, item_catalogs, media_library, quiet_hours, events and rate_limits. A given section replaces the stored one. */
export async function applySettings({
  tx,
  workspaceId,
  file,
  secret,
  reseal,
  problems,
  warnings,
}: Step): Promise<Change[]> {
  const row = await tx.one<{ settings: StoredSettings; secrets: Buffer | null }>(sql`
    select settings, secrets from workspaces where id = ${workspaceId}`);
  const opened = unlessUnreadable(() => openEmail(row.secrets, secret, workspaceId), reseal);
  const changes: Change[] = [];
  const settings = { ...row.settings };
  let { secrets } = row;
  const put = (what: string, wanted: object, stored: object | undefined) =>
    changes.push(changeOf({ what, id: null, name: '' }, { ...wanted }, { ...stored }));
  if (file.email !== null) {
    const { shown, sealed } = sealEmail(file.email, secret, workspaceId);
    const hidden = typeof opened === 'object' ? opened : unreadable(file.email);
    const wrong = file.email.footer === null ? null : footerProblem(file.email.footer);
    if (wrong !== null) problems.push(`email.footer: ${wrong}`);
    else warnings.push(...footerSlips(file.email.footer ?? '').map((slip) => `email.footer: ${slip}`));
    put('email', file.email, { ...defaultsOf(emailSection), ...row.settings.email, ...hidden });
    settings.email = shown;
    secrets = sealed;
  }
  if (file.webhook !== null) {
    put('webhook', file.webhook, { ...defaultsOf(webhookSection), ...row.settings.webhook });
    settings.webhook = file.webhook;
  }
  if (file.tracking !== null) {
    put('tracking', file.tracking, { ...defaultsOf(trackingSection), ...row.settings.tracking });
    settings.tracking = file.tracking;
  }
  if (file.audience !== null) {
    put('audience', file.audience, { ...defaultsOf(audienceSection), ...row.settings.audience });
    settings.audience = file.audience;
  }
  if (file.requests !== null) {
    put('requests', file.requests, { ...defaultsOf(requestsSection), ...row.settings.requests });
    settings.requests = file.requests;
  }
  if (file.liquid !== null) {
    put('liquid', file.liquid, { ...defaultsOf(liquidSection), ...row.settings.liquid });
    settings.liquid = file.liquid;
  }
  if (file.schedules !== null) {
    put('schedules', file.schedules, { ...defaultsOf(schedulesSection), ...row.settings.schedules });
    settings.schedules = file.schedules;
  }
  if (file.users !== null) {
    put('users', file.users, { ...defaultsOf(usersSection), ...row.settings.users });
    settings.users = file.users;
  }
  if (file.tags !== null) {
    put('tags', { tags: file.tags }, { tags: row.settings.tags ?? [] });
    settings.tags = file.tags;
  }
  if (file.item_catalogs !== null) {
    put('item_catalogs', file.item_catalogs, { ...defaultsOf(itemCatalogsSection), ...row.settings.item_catalogs });
    settings.item_catalogs = file.item_catalogs;
  }
  if (file.media_library !== null) {
    put('media_library', file.media_library, row.settings.media_library);
    settings.media_library = file.media_library;
  }
  if (file.quiet_hours !== null) {
    put('quiet_hours', { windows: file.quiet_hours }, { windows: row.settings.quiet_hours ?? [] });
    settings.quiet_hours = file.quiet_hours;
  }
  if (file.events !== null) {
    put('events', file.events, { ...defaultsOf(eventsSection), ...row.settings.events });
    settings.events = file.events;
  }
  if (file.rate_limits !== null) {
    put('rate_limits', { limits: file.rate_limits }, { limits: row.settings.rate_limits ?? {} });
    settings.rate_limits = file.rate_limits;
  }
  if (!changes.some(isWrite)) return changes;
  await tx.run(sql`update workspaces set settings = ${settings}, secrets = ${secrets} where id = ${workspaceId}`);
  return changes;
}

/** What an empty section means, so that a plan names only what differs from it. */
function defaultsOf(section: Shape<object>): object {
  return section({}, '', firstProblem) ?? {};
}

/** Stored members that cannot be opened: they differ from what the file gives, so that they are written anew. */
function unreadable(wanted: NonNullable<Step['file']['email']>): object {
  const given = sealedEmailMembers.filter((name) => wanted[name] !== null);
  return Object.fromEntries(
    (given.length > 0 ? given : sealedEmailMembers.slice(0, 1)).map((name) => [name, Symbol(name)]),
  );
}

interface CapRow {
  channel: string;
  max_sends: number;
  period_count: number;
  period_unit: string;
  tag: string | null;
}

/** Applies the frequency caps. The list replaces the stored one. */
export async function applyCaps({ tx, workspaceId, file }: Step): Promise<Change[]> {
  const wanted = file.frequency_caps;
  if (wanted === null) return [];
  const stored = await tx.query<CapRow & Record<string, unknown>>(sql`
    select channel, max_sends, period_count, period_unit, tag
      from frequency_caps
     where workspace_id = ${workspaceId}
     order by ordinal`);
  const change = changeOf({ what: 'frequency_caps', id: null, name: '' }, { rules: wanted }, { rules: stored });
  if (!isWrite(change)) return [change];
  await tx.run(sql`delete from frequency_caps where workspace_id = ${workspaceId}`);
  const rows = wanted.map(
    (cap, ordinal) =>
      sql`(${workspaceId}, ${ordinal}, ${cap.channel}, ${cap.max_sends}, ${cap.period_count}, ${cap.period_unit}, ${cap.tag})`,
  );
  if (rows.length > 0) {
    await tx.run(sql`
      insert into frequency_caps (workspace_id, ordinal, channel, max_sends, period_count, period_unit, tag)
      values ${joinSql(rows)}`);
  }
  return [change];
}
