import type { PinnedContent } from '../../../content/pins.ts';
import { RequestError } from '../../../errors.ts';
import { own, type RawObject } from '../../../lib/raw/json.ts';
import { isEmpty } from '../../../lib/raw/lenient.ts';
import { ObjectReader } from '../../../lib/raw/object-reader.ts';
import { Problems } from '../../../lib/raw/problems.ts';
import type { WorkspaceCatalog } from '../../../workspace/catalog.ts';
import type { SendRemarks } from '../../plan/remarks.ts';
import type { SendPlan } from '../../plan/send-plan.ts';
import type { StoredThings } from '../../plan/stored-things.ts';
import { checkSendRequest } from '../check.ts';
import { checkCampaignTrigger } from '../triggers/check.ts';
import { readProperties } from '../triggers/properties.ts';

/** The first line of a list, checked. */
export interface ListHead {
  /** The plan without its list. */
  plan: SendPlan;
  /** The stored content that the plan pins. */
  content: PinnedContent;
  remarks: SendRemarks;
  /** Whether nothing is to be sent, only told what would be. */
  dryRun: boolean;
  /** Whether the messages are those of an API-triggered campaign. */
  isTrigger: boolean;
}

const elsewhere = 'each person has a line of their own below the first';
/** Members of other endpoints that say whom it goes to. */
const whom = ['external_user_ids', 'user_aliases', 'recipients', 'broadcast'];

/**
 * Turns the first line into a plan: a body of /messages/send, or of /campaigns/trigger/send if it has a `campaign_id` and no
 * `messages`, in either case without people. Throws the problems of the first step that fails.
 */
export async function checkListHead(
  body: RawObject,
  { workspace, stored, now }: { workspace: WorkspaceCatalog; stored: StoredThings; now: Date },
): Promise<ListHead> {
  const named = whom.filter((key) => !isEmpty(own(body, key)) && own(body, key) !== false);
  if (named.length > 0)
    throw new RequestError(
      'bad_request',
      named.map((key) => `${key}: not in a list: ${elsewhere}`),
    );
  const isTrigger = isEmpty(own(body, 'messages')) && !isEmpty(own(body, 'campaign_id'));
  const head = isTrigger
    ? await checkCampaignTrigger(body, { workspace, stored, isListed: true })
    : await checkWithMessages(body, workspace, { stored, now });
  const { plan, content, remarks, dryRun } = head;
  return { plan, content, remarks, dryRun, isTrigger };
}

async function checkWithMessages(body: RawObject, workspace: WorkspaceCatalog, { stored, now }: Moment) {
  const { trigger_properties: _, ...send } = body;
  const problems = new Problems();
  const properties = readProperties(new ObjectReader(body, '', problems), ['trigger_properties']);
  problems.throwIfAny();
  const checked = await checkSendRequest(send, workspace, { now, stored, isTriggered: true, isListed: true });
  const trigger = { common: properties ?? {}, own: [], canvas: null };
  return { ...checked, plan: { ...checked.plan, trigger } };
}

interface Moment {
  stored: StoredThings;
  now: Date;
}
