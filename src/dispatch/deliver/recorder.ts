import { type NewCard, storeCards } from '../../cards/store.ts';
import { channels } from '../../channels/index.ts';
import type { Database } from '../../db/database.ts';
import { type Patience, persistently } from '../../db/retry.ts';
import { isDataError } from '../../db/sqlstates.ts';
import type { FeedbackEvent } from '../../feedback/event.ts';
import { storeWith } from '../../feedback/intake.ts';
import { createGatherer, type Gatherer } from '../../lib/gatherer.ts';
import { markDead } from '../../people/consent/dead-addresses.ts';
import { storeOptOuts } from '../../people/consent/opt-outs.ts';
import type { Catalog } from '../../workspace/catalog.ts';
import type { Delivered } from '../ledger/delivered.ts';
import { type ProviderMessage, rememberMessages } from '../ledger/feedback/provider-messages.ts';
import { releaseSlots } from '../ledger/person/slots.ts';
import { fillSandbox } from '../ledger/sandbox.ts';
import type { PendingSend } from '../ledger/send.ts';
import { type CountedChange, countVerdicts } from '../ledger/statistics/campaign-days.ts';
import { writeVerdicts } from '../ledger/write-verdicts.ts';
import type { Pauses } from '../pauses/pauses.ts';
import type { CampaignPart } from '../plan/loaded-dispatch.ts';
import type { TokenHygiene } from '../push/token-hygiene.ts';
import { releaseFromEnded } from './set-aside-for-pauses.ts';
import { verdictEvent } from './verdict-events.ts';

/** The result of one attempt, to be written. */
export interface Result extends Delivered {
  send: PendingSend;
  workspaceId: number;
  /** The address it was delivered to. null: the channel has none. */
  address: string | null;
  /** What it is counted under in statistics. null: it belongs to no campaign. */
  part: CampaignPart | null;
  /** Whether the feed has what becomes of it in any case, because the caller named the send. */
  isNamed: boolean;
  /** The message as rendered, if it is kept. null: it is not. */
  message: object | null;
}

export type Recorder = Gatherer<Result>;

/** Shortest time between two groups, in milliseconds. Under load a group has the results of that time. */
const GATHER_MS = 10;
/** The same for threads that share broadcasts. A group of 400 costs half as much for each result as one of 100. */
const SHARED_GATHER_MS = 40;
const MAX_RESULTS = 1_000;

/** Writes results in groups. Results that arrive while one group is written share the next. */
export function createRecorder(options: RecorderOptions): Recorder {
  return createGatherer<Result>({
    // If the result of a delivered message were lost, the message would be sent again.
    run: (results) => persistently(() => record(options, results, options.clock.now()), options),
    isOnesFault: isDataError,
    maxItems: MAX_RESULTS,
    everyMs: options.isShared ? SHARED_GATHER_MS : GATHER_MS,
  });
}

export interface RecorderOptions extends Patience {
  db: Database;
  catalog(): Catalog;
  hygiene: TokenHygiene;
  pauses: Pick<Pauses, 'readAgain'>;
  /** True: other threads record results of the same broadcasts. */
  isShared: boolean;
}

async function record(options: RecorderOptions, results: Result[], now: Date): Promise<void> {
  const { db, hygiene } = options;
  for (const { calls } of results) if (calls.length > 0) hygiene.count(calls);
  const optOuts = results.flatMap(({ workspaceId, optedOutOf: groupId, address: phone }) => {
    if (groupId === undefined || phone === null) return [];
    const group = options.catalog().workspace(workspaceId)?.subscriptionGroups.get(groupId);
    return [{ workspaceId, groupId, phone, provider: group?.provider?.kind ?? null }];
  });
  // In a commit of its own: it locks people. Should the verdict not be written, the provider says the same again.
  if (optOuts.length > 0) await storeOptOuts(db, optOuts, now);
  const dead = results.flatMap(({ send, verdict, workspaceId, address }) => {
    const mark = channels[send.channel].deadMark;
    return verdict.status === 'bounced' && mark !== null ? [{ workspaceId, mark, address }] : [];
  });
  const released = results.filter(({ verdict }) => verdict.releasesSlot).map(({ send }) => send);
  const isKept = results.some(({ keptIn }) => keptIn !== null);
  const news = results.flatMap((result) => result.news);
  const isFoundById = results.some(({ verdict }) => verdict.isFoundById);
  const isTold = results.some((result) => wantsEvents(options, result));
  const waits = results.some(({ waitsForApps }) => waitsForApps !== undefined);
  const isPlain = !isKept && !isFoundById && !isTold && !waits && dead.length + released.length + news.length === 0;
  const isCounted = results.some(({ part }) => part !== null);
  if (isPlain && !isCounted && !hygiene.hasCounts(now)) {
    await writeVerdicts(db.byKey, results, now);
    return;
  }
  const { afterwards, isBehind } = await db.byKey.transaction(async (tx) => {
    const isBehind = await releaseFromEnded(tx, results);
    const written = await writeVerdicts(tx, results, now);
    await fillSandbox(tx, results.filter(isKeptIn('sandbox')), now);
    // Only with the verdict: a card of a send that another worker took over is that worker's to store.
    await storeCards(tx, written.filter(isKeptIn('feed')).map(cardOf), now);
    await markDead(tx, dead, now);
    await releaseSlots(tx, released);
    rememberMessages(tx, written.flatMap(messageOf));
    await storeWith(
      tx,
      written.filter((one) => wantsEvents(options, one)).flatMap((one) => eventOf(one, now)),
      now,
    );
    const done = await hygiene.write(tx, news, now);
    await countVerdicts(tx, written.filter(isOfCampaign), now);
    return { afterwards: done, isBehind };
  });
  afterwards();
  // Otherwise what was released would be set aside again and again.
  if (isBehind) await options.pauses.readAgain();
}

type Kept = Result & { message: object };

function isKeptIn(place: 'sandbox' | 'feed'): (result: Result) => result is Kept {
  return (result): result is Kept => result.keptIn === place && result.message !== null;
}

function cardOf({ send: { bucket, userId, dispatchId }, message }: Kept): NewCard {
  return { bucket, userId, dispatchId, rendered: message };
}

function wantsEvents({ catalog }: RecorderOptions, { workspaceId, isNamed }: Result): boolean {
  return isNamed || catalog().workspace(workspaceId)?.settings.hasVerdictEvents === true;
}

function eventOf(result: Result, now: Date): { workspaceId: number; event: FeedbackEvent }[] {
  const event = verdictEvent(result, now);
  return event === null ? [] : [{ workspaceId: result.workspaceId, event }];
}

/** The name under which the provider will tell of the send. */
function messageOf({ workspaceId, send, verdict }: Result): ProviderMessage[] {
  const { isFoundById, providerMessageId: id = null } = verdict;
  return isFoundById && id !== null ? [{ workspaceId, send, id }] : [];
}

function isOfCampaign(result: Result): result is Result & CountedChange {
  return result.part !== null;
}
