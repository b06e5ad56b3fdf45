import type { Database } from '../db/database.ts';
import { retry } from '../db/retry.ts';
import type { Clock } from '../lib/clock.ts';
import type { Json } from '../lib/raw/json.ts';
import { changeAnswer } from '../people/consent/record/read.ts';
import { takeUntold, type UntoldChange } from '../people/consent/record/untold.ts';
import { type Catalog, idKey } from '../workspace/catalog.ts';
import type { FeedbackEvent } from './event.ts';
import { storeEvents } from './intake.ts';
import { lockFeed } from './lock-feed.ts';
import { storedEvent } from './stored-event.ts';
import { endEvents, noOrigin } from './waiting-events.ts';

export interface ConsentEventDeps {
  db: Database;
  clock: Clock;
  catalog(): Catalog;
}

/**
 * Adds recorded changes of consent to the feed, oldest first, for the workspaces that ask for them. They are done already, so
 * nothing else follows. Returns the number of changes that it looked at.
 */
export function tellConsentChanges({ db, clock, catalog }: ConsentEventDeps, limit: number): Promise<number> {
  return retry('people', () =>
    db.byKey.transaction(async (tx) => {
      await lockFeed(tx);
      const changes = await takeUntold(tx, limit);
      const now = clock.now();
      const told = changes.map((change) => {
        const stored = storedEvent(change.workspaceId, eventOf(change, catalog()), now);
        return { stored, person: { bucket: change.bucket, userId: change.userId, dispatchId: null } };
      });
      const isNew = await storeEvents(
        tx,
        told.map(({ stored }) => stored),
      );
      const applied = told.filter(({ stored }) => isNew.has(stored.id));
      await endEvents(
        tx,
        applied.map(({ stored: { id }, person }) => ({
          id,
          outcome: 'applied',
          send: person,
          ...noOrigin,
          bot: null,
          code: null,
        })),
      );
      return changes.length;
    }),
  );
}

function eventOf(change: UntoldChange, catalog: Catalog): FeedbackEvent {
  const { id, state, subject, groupId, address, changedAt, workspaceId } = change;
  const { address: _shown, changed_at: _time, ...detail } = changeAnswer(change) as Record<string, Json>;
  const group = catalog.workspace(workspaceId)?.subscriptionGroups.get(idKey(groupId ?? ''));
  return {
    ...{ eventId: `consent ${id}`, provider: 'cresset', occurredAt: changedAt },
    ...{
      kind: state === 'unsubscribed' ? 'opted_out' : 'opted_in',
      channel: group?.channel ?? (subject === 'push' ? 'push' : 'email'),
    },
    ...{ send: null, providerMessageId: null, address, code: null, text: null, subscriptionGroupId: groupId, detail },
  };
}
