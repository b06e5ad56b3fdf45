import { sql } from '../../db/sql.ts';
import type { WebhookSecrets } from '../catalog.ts';
import { openWebhookSecrets, ROTATION_MS, sealWebhookSecrets } from '../event-webhooks.ts';
import { unlessUnreadable } from '../sealed/sealed-provider.ts';
import type { Step } from './apply-step.ts';
import { type Change, changeOf, isWrite } from './plan.ts';

interface StoredWebhook extends Record<string, unknown> {
  name: string;
  url: string;
  kinds: string[];
  channels: string[];
  secrets: Buffer;
}

/**
 * Applies the webhooks of events. The list replaces the stored one. When a secret changes, the one before signs for another
 * day.
 */
export async function applyEventWebhooks({ tx, workspaceId, file, secret, reseal }: Step): Promise<Change[]> {
  const wanted = file.event_webhooks;
  if (wanted === null) return [];
  const stored = await tx.query<StoredWebhook>(sql`
    select name, url, kinds, channels, secrets from event_webhooks where workspace_id = ${workspaceId} order by name`);
  const opened = new Map(
    stored.map((one) => {
      const read = () => openWebhookSecrets(one.secrets, secret, workspaceId, one.name);
      return [one.name, { ...one, secrets: unlessUnreadable(read, reseal) }];
    }),
  );
  const partsOf = ({ name, url, kinds, channels, secret }: (typeof wanted)[number]) => ({
    name,
    url,
    kinds,
    channels,
    secret,
  });
  const change = changeOf(
    { what: 'event_webhooks', id: null, name: '' },
    { webhooks: wanted.map(partsOf).sort((one, other) => (one.name < other.name ? -1 : 1)) },
    {
      webhooks: [...opened.values()].map(({ secrets, ...one }) =>
        partsOf({ ...one, secret: typeof secrets === 'symbol' ? '' : secrets.secret } as (typeof wanted)[number]),
      ),
    },
  );
  if (!isWrite(change)) return [change];
  await tx.run(sql`
    delete from event_webhooks
     where workspace_id = ${workspaceId} and name <> all(${wanted.map(({ name }) => name)}::text[])`);
  for (const { name, url, kinds, channels, secret: given } of wanted) {
    const before = opened.get(name)?.secrets;
    const sealed = sealWebhookSecrets(
      secretsAfter(given, typeof before === 'symbol' ? undefined : before),
      secret,
      workspaceId,
      name,
    );
    await tx.run(sql`
      insert into event_webhooks (workspace_id, name, url, kinds, channels, secrets, begins_after)
      values (${workspaceId}, ${name}, ${url}, ${kinds}, ${channels}, ${sealed},
              coalesce((select max(place) from feedback_events where workspace_id = ${workspaceId} and place is not null), 0))
          on conflict (workspace_id, name) do update
         set url = excluded.url, kinds = excluded.kinds, channels = excluded.channels, secrets = excluded.secrets`);
  }
  return [change];
}

function secretsAfter(given: string, before: WebhookSecrets | undefined): WebhookSecrets {
  if (before === undefined) return { secret: given, previous: null };
  if (before.secret === given) return before;
  return { secret: given, previous: { secret: before.secret, until: new Date(Date.now() + ROTATION_MS) } };
}
