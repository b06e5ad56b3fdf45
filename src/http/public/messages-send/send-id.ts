import type { Db } from '../../../db/database.ts';
import { isSendIdOf } from '../../../dispatch/accept/send-ids.ts';
import { isBroadcast, type SendPlan } from '../../../dispatch/plan/send-plan.ts';
import { RequestError } from '../../../errors.ts';
import { shown } from '../../../lib/raw/json.ts';
import { v7 } from '../../../lib/uuid.ts';

/** Throws unless the caller's send id was created for the request's campaign. */
export async function checkSendId(db: Db, { campaignId, sendId }: SendPlan): Promise<void> {
  if (sendId === null || campaignId === null || (await isSendIdOf(db, campaignId, sendId))) return;
  throw new RequestError('bad_request', [`send_id: was not created for this campaign, got "${shown(sendId)}"`]);
}

/** The plan with a send id, if it needs one: a campaign's broadcast has one even if the caller gave none. */
export function withSendId(plan: SendPlan, now: Date): SendPlan {
  const needsOne = isBroadcast(plan) && plan.campaignId !== null && plan.sendId === null;
  return needsOne ? { ...plan, sendId: v7(now) } : plan;
}
