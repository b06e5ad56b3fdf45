import type { UpcomingBroadcast } from '../../../dispatch/ledger/schedules.ts';
import { timeText } from '../../../dispatch/plan/schedule.ts';
import type { WorkspaceCatalog } from '../../../workspace/catalog.ts';

/** The original's form of an upcoming broadcast. Source: adjacent-endpoints.md §4.3. */
export function upcomingAnswer(broadcasts: readonly UpcomingBroadcast[], workspace: WorkspaceCatalog): object {
  const listed = broadcasts.map(({ campaignId, canvas, schedule }) => {
    const campaign = workspace.campaigns.get(campaignId);
    return {
      name: canvas?.name ?? campaign?.name ?? '',
      id: canvas?.id ?? campaignId,
      type: canvas === null ? 'Campaign' : 'Canvas',
      tags: campaign?.tags ?? [],
      next_send_time: timeText(schedule),
      schedule_type: { at: workspace.timeZone, local: 'local_time_zones', optimal: 'intelligent_delivery' }[
        schedule.kind
      ],
    };
  });
  return { scheduled_broadcasts: listed, message: 'success' };
}
