import type { CreatedSchedule } from '../../../dispatch/accept/create-schedule.ts';
import type { UpcomingBroadcast } from '../../../dispatch/ledger/schedules.ts';
import { remarkMembers, type SendRemarks } from '../../../dispatch/plan/remarks.ts';
import { timeText } from '../../../dispatch/plan/schedule.ts';
import type { WorkspaceCatalog } from '../../../workspace/catalog.ts';

/** The answer to a new schedule. Its members are in the order of the original's, then ours. */
export function createdAnswer(
  { dispatchId, scheduleId }: CreatedSchedule,
  sendId: string | null,
  remarks: SendRemarks,
): object {
  return {
    dispatch_id: dispatchId,
    schedule_id: scheduleId,
    ...(sendId !== null && { send_id: sendId }),
    message: 'success',
    ...remarkMembers(remarks),
  };
}

/** The original's form of an upcoming broadcast. Source: adjacent-endpoints.md §4.3. */
export function upcomingAnswer(broadcasts: readonly UpcomingBroadcast[], workspace: WorkspaceCatalog): object {
  const listed = broadcasts.map(({ campaignId, schedule }) => {
    const campaign = workspace.campaigns.get(campaignId);
    return {
      name: campaign?.name ?? '',
      id: campaignId,
      type: 'Campaign',
      tags: campaign?.tags ?? [],
      next_send_time: timeText(schedule),
      schedule_type: { at: workspace.timeZone, local: 'local_time_zones', optimal: 'intelligent_delivery' }[
        schedule.kind
      ],
    };
  });
  return { scheduled_broadcasts: listed, message: 'success' };
}
