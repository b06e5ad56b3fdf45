import { groupProviderKinds, pushProviderKinds } from '../../channels/providers.ts';
import type { WorkspaceFile } from './file-shape.ts';
import { misplacedProviders } from './providers.ts';
import { splitProblems } from './split-rules.ts';

/** Lists the contradictions between members that are valid one by one. */
export function consistencyProblems(file: WorkspaceFile): string[] {
  return [
    ...repeated('apps', file.apps, 'id'),
    ...repeated('apps', file.apps, 'name'),
    ...repeated('subscription_groups', file.subscription_groups, 'id'),
    ...repeated('subscription_groups', file.subscription_groups, 'name'),
    ...repeated('segments', file.segments, 'id'),
    ...repeated('segments', file.segments, 'name'),
    ...repeated('campaigns', file.campaigns, 'id'),
    ...file.campaigns.flatMap(({ variations }, at) => repeated(`campaigns[${at}].variations`, variations, 'id')),
    ...file.campaigns.flatMap(membersOfKind),
    ...file.campaigns.flatMap(splitProblems),
    ...repeated('event_webhooks', file.event_webhooks ?? [], 'name'),
    ...repeated('api_keys', file.api_keys, 'name'),
    ...repeated('api_keys', file.api_keys, 'key'),
    ...file.apps.flatMap(providerOfApp),
    ...file.subscription_groups.flatMap(providerOfGroup),
    ...file.subscription_groups.flatMap(countriesOfGroup),
    ...(file.frequency_caps ?? []).flatMap(lengthOfCap),
  ];
}

function repeated<K extends string>(section: string, entries: readonly Record<K, string>[], member: K): string[] {
  const first = new Map<string, number>();
  return entries.flatMap((entry, at) => {
    const earlier = first.get(entry[member]);
    if (earlier !== undefined) return [`${section}[${at}].${member}: is the same as that of ${section}[${earlier}]`];
    first.set(entry[member], at);
    return [];
  });
}

function providerOfApp(app: WorkspaceFile['apps'][number], at: number): string[] {
  const given = pushProviderKinds.filter((kind) => app[kind] !== null);
  return misplacedProviders(app.platform, given).map((problem) => `apps[${at}].${problem}`);
}

function providerOfGroup(group: WorkspaceFile['subscription_groups'][number], at: number): string[] {
  const given = groupProviderKinds.filter((kind) => group[kind] !== null);
  return misplacedProviders(group.channel, given).map((problem) => `subscription_groups[${at}].${problem}`);
}

function countriesOfGroup(group: WorkspaceFile['subscription_groups'][number], at: number): string[] {
  if (group.countries === null) return [];
  const path = `subscription_groups[${at}].countries`;
  if (group.channel === 'email') return [`${path}: does not fit email`];
  return group.countries.length === 0 ? [`${path}: expected at least one country; leave it out to allow all`] : [];
}

/** An API campaign brings its messages with each request, so what concerns triggers means nothing there. */
function membersOfKind(campaign: WorkspaceFile['campaigns'][number], at: number): string[] {
  const given = [
    ...(['messages', 'segment_id', 'recipient_subscription_state', 'canvas'] as const).filter(
      (member) => campaign[member] !== null,
    ),
    ...(campaign.paused ? ['paused'] : []),
  ];
  const refused =
    campaign.kind === 'api' ? given : given.filter((one) => one === 'canvas' && campaign.kind !== 'api_triggered');
  return refused.map((member) => `campaigns[${at}].${member}: does not fit a campaign of kind ${campaign.kind}`);
}

const minutesOf = { minutes: 1, hours: 60, days: 1_440, weeks: 10_080 } as const;
const THIRTY_DAYS_IN_MINUTES = 43_200;

function lengthOfCap(cap: NonNullable<WorkspaceFile['frequency_caps']>[number], at: number): string[] {
  const isShort = cap.period_count * minutesOf[cap.period_unit] <= THIRTY_DAYS_IN_MINUTES;
  return isShort ? [] : [`frequency_caps[${at}].period_count: expected at most 30 days in all`];
}
