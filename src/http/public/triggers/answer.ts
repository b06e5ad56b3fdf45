import { remarkMembers, type SendRemarks } from '../../../dispatch/plan/remarks.ts';

/** The answer to a trigger of a Canvas that is not sent. The ids, which the original gives, name nothing. */
export function noticeAnswer(notice: string, dispatchId: string, scheduleId: string | null = null): object {
  return {
    notice,
    dispatch_id: dispatchId,
    ...(scheduleId !== null && { schedule_id: scheduleId }),
    message: 'success',
  };
}

export interface TransactionalFacts {
  dispatchId: string;
  externalSendId: string | null;
  campaignId: string;
  receivedAt: Date;
  enqueuedAt: Date;
  remarks: SendRemarks;
}

/**
 * The answer to a transactional send. It comes before the mail goes out, so it has no `executed_at` and `sent_at`; the
 * status is the original's word for "accepted". Source: adjacent-endpoints.md §4.4.
 */
export function transactionalAnswer(facts: TransactionalFacts): object {
  const { dispatchId, externalSendId, campaignId, receivedAt, enqueuedAt, remarks } = facts;
  return {
    dispatch_id: dispatchId,
    status: 'sent',
    metadata: {
      ...(externalSendId !== null && { external_send_id: externalSendId }),
      campaign_api_id: campaignId,
      received_at: receivedAt.toISOString(),
      enqueued_at: enqueuedAt.toISOString(),
    },
    message: 'success',
    ...remarkMembers(remarks),
  };
}
