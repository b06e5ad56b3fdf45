import type { emailSection } from '../../channels/email/settings.ts';
import type { Database, Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import type { Read } from '../../lib/raw/shape.ts';
import { openWebhookSecrets } from '../event-webhooks.ts';
import { allPermissions, WORKSPACE_FILE } from '../keys/keys.ts';
import { openContentSection } from '../sealed/sealed-content.ts';
import { openEmail } from '../sealed/sealed-email.ts';
import type { Secret } from '../secrets.ts';
import type { StoredSettings } from '../settings.ts';
import { secret as hidden, relayUrl } from './hidden.ts';
import { type From, given, readApps, readCampaigns, readGroups, readKeys, readSegments } from './read-things.ts';

/** What an operator defined, in the form of the workspace file. Secrets are Hidden. */
export type Definitions = Readonly<Record<string, unknown>>;

interface WorkspaceRow extends Record<string, unknown> {
  name: string;
  time_zone: string;
  settings: StoredSettings;
  secrets: Buffer | null;
  connected_content: Buffer | null;
}

/**
 * Reads all definitions of a workspace that a workspace file can have, as of one instant. Applied again, they change nothing.
 * `withoutContent`: leaves out segments and campaigns, of which there may be many and large ones.
 * Throws SecretError when `secret` does not open the stored credentials.
 */
export function readDefinitions(
  db: Database,
  workspaceId: number,
  secret: Secret,
  { withoutContent = false }: { withoutContent?: boolean } = {},
): Promise<Definitions> {
  return db.transaction(async (tx) => {
    await tx.run(sql`set transaction isolation level repeatable read, read only`);
    return definitionsIn(tx, workspaceId, secret, { withoutContent });
  });
}

/** The same in a transaction that has begun. */
export async function definitionsIn(
  tx: Db,
  workspaceId: number,
  secret: Secret,
  { withoutContent = false }: { withoutContent?: boolean } = {},
): Promise<Definitions> {
  const from: From = { tx, workspaceId, secret };
  const row = await tx.one<WorkspaceRow>(sql`
    select name, time_zone, settings, secrets, connected_content from workspaces where id = ${workspaceId}`);
  const { email, webhook, tracking, ...settings } = row.settings;
  const caps = await tx.query(sql`
    select channel, max_sends, period_count, period_unit, tag
      from frequency_caps
     where workspace_id = ${workspaceId}
     order by ordinal`);
  return given({
    name: row.name,
    time_zone: row.time_zone,
    apps: listed(await readApps(from)),
    email: emailOf(email, openEmail(row.secrets, secret, workspaceId)),
    webhook,
    connected_content: contentOf(row.connected_content, secret, workspaceId),
    tracking: tracking && given(tracking),
    ...settings,
    subscription_groups: listed(await readGroups(from)),
    segments: listed(withoutContent ? [] : await readSegments(from)),
    campaigns: listed(withoutContent ? [] : await readCampaigns(from)),
    frequency_caps: listed(caps.map(given)),
    event_webhooks: listed(await readEventWebhooks(from)),
    api_keys: listed((await readKeys(from, WORKSPACE_FILE)).map(keyOf)),
  });
}

/** An empty list stands for nothing that could be said in a file. */
function listed(entries: readonly object[]): readonly object[] | null {
  return entries.length === 0 ? null : entries;
}

type EmailSection = Read<typeof emailSection>;

function emailOf(shown: object | undefined, { smtp, dkim, attachments, events }: Partial<EmailSection>): object | null {
  const section = given({
    ...shown,
    smtp: smtp?.map(({ url, ...relay }) => given({ ...relay, url: relayUrl(url, relay.name) })),
    dkim: dkim?.map((one) => ({ ...one, key: hidden(one.key, 'dkim', one.domain, 'key') })),
    attachments: attachments && {
      ...attachments,
      credentials: attachments.credentials.map((one) => ({
        ...one,
        password: hidden(one.password, 'files', one.name, 'password'),
      })),
    },
    events: events && eventsOf(events),
  });
  return shown === undefined && Object.keys(section).length === 0 ? null : section;
}

function eventsOf({ ses, sendgrid, postmark, mailgun, resend }: NonNullable<EmailSection['events']>): object {
  const hide = (value: string, service: string, what: string) => hidden(value, 'mail events', service, what);
  return given({
    ses,
    sendgrid,
    postmark: postmark && { ...postmark, password: hide(postmark.password, 'postmark', 'password') },
    mailgun: mailgun && { signing_key: hide(mailgun.signing_key, 'mailgun', 'signing key') },
    resend: resend && { secret: hide(resend.secret, 'resend', 'secret') },
  });
}

function contentOf(sealed: Buffer | null, secret: Secret, workspaceId: number): object | null {
  if (sealed === null) return null;
  const { credentials, ...section } = openContentSection(sealed, secret, workspaceId);
  return given({
    ...section,
    credentials: credentials.map((one) => ({
      ...one,
      password: hidden(one.password, 'content', one.name, 'password'),
    })),
  });
}

async function readEventWebhooks({ tx, workspaceId, secret }: From): Promise<object[]> {
  const rows = await tx.query<{ name: string; url: string; kinds: string[]; channels: string[]; secrets: Buffer }>(sql`
    select name, url, kinds, channels, secrets from event_webhooks where workspace_id = ${workspaceId} order by name`);
  return rows.map(({ secrets, ...webhook }) => {
    const { secret: current } = openWebhookSecrets(secrets, secret, workspaceId, webhook.name);
    return { ...webhook, secret: hidden(current, 'events', webhook.name, 'secret') };
  });
}

/** The key itself is not stored. */
function keyOf({
  name,
  permissions,
  allow_from,
}: {
  name: string;
  permissions: string[];
  allow_from: string[];
}): object {
  const isAll = allPermissions.every((one) => permissions.includes(one));
  return { name, key: hidden(null, 'key', name), permissions: isAll ? 'all' : permissions, allow_from };
}
