import { channelKeys } from '../../channels/channel.ts';
import type { LeafKind } from './connected-leaves.ts';
import {
  type AddressFlag,
  type AttributeName,
  attributeTypes,
  countComparisons,
  type Deed,
  type PathStep,
  type SegmentLeaf,
} from './filter.ts';
import type { LeafBody } from './leaf-body.ts';
import { readNumberTest, readTimeTest, readTypedTest, readValueTest } from './read-tests.ts';

const attributeNames = Object.keys(attributeTypes) as AttributeName[];
const platforms = ['ios', 'android', 'kindle', 'web'] as const;
const MAX_STEPS = 10;
/** How far the filters that count by days may look back. */
const MAX_DAYS = 30;
const receivedChannels = ['any', ...channelKeys] as const;

/** The filters that only a saved segment may use. Source: audience.md §6.2. */
export const segmentLeaves: Readonly<Record<string, LeafKind<SegmentLeaf>>> = {
  attribute: { members: ['name', 'comparison', 'value'], read: attribute },
  nested_custom_attribute: { members: ['custom_attribute_name', 'path', 'comparison', 'value'], read: nested },
  ...deeds('event', 'custom_event', 'name'),
  ...deeds('purchase', 'purchase', 'product_id'),
  purchase_total_count: { members: ['comparison', 'value'], read: (body) => purchaseTotal(body, 'count') },
  purchase_total_revenue: { members: ['comparison', 'value'], read: (body) => purchaseTotal(body, 'revenue') },
  session_count: { members: ['comparison', 'value'], read: sessionCount },
  session_count_in_days: { members: ['comparison', 'value', 'days'], read: sessionCountInDays },
  random_bucket: { members: ['comparison', 'value'], read: randomBucket },
  subscription_group: { members: ['subscription_group_id', 'comparison', 'value'], read: subscriptionGroup },
  push_enabled: { members: ['platform', 'app_id'], read: pushEnabled },
  last_received: { members: ['channel', 'comparison', 'value'], read: lastReceived },
  received_campaign: { members: ['campaign_id', 'comparison'], read: receivedCampaign },
  received_tag: { members: ['tag', 'comparison'], read: receivedTag },
  segment: { members: ['segment_id', 'comparison'], read: segment },
};

/** The filters of a segment whose value is just true or false. */
export const segmentFlags: Readonly<Record<string, (is: boolean) => SegmentLeaf>> = {
  email_available: (is) => ({ kind: 'email_available', is }),
  phone_invalid: (is) => addressFlag('phone_invalid', is),
  hard_bounced: (is) => addressFlag('hard_bounced', is),
  marked_spam: (is) => addressFlag('marked_spam', is),
};

function addressFlag(flag: AddressFlag, is: boolean): SegmentLeaf {
  return { kind: 'address_flag', flag, is };
}

function attribute(body: LeafBody): SegmentLeaf | null {
  const name = body.oneOf('name', attributeNames);
  const test = name && readTypedTest(body, attributeTypes[name]);
  return name && test && { kind: 'attribute', name, ...test };
}

function randomBucket(body: LeafBody): SegmentLeaf | null {
  const test = readTypedTest(body, 'number');
  return test && { kind: 'attribute', name: 'random_bucket', ...test };
}

function nested(body: LeafBody): SegmentLeaf | null {
  const name = body.attributeName();
  const steps = readSteps(body);
  const test = readValueTest(body);
  return name === null || steps === null || test === null
    ? null
    : { kind: 'nested_custom_attribute', name, steps, ...test };
}

/** Reads a path such as `address.city`, `stays[].hotel` or `[].hotel`. Members contain no dots. */
function readSteps(body: LeafBody): PathStep[] | null {
  const path = body.text('path');
  if (path === null) return null;
  const steps = path.split('.').flatMap((part, index): PathStep[] => {
    const member = withoutBrackets(part);
    const each = Array.from({ length: (part.length - member.length) / 2 }, (): PathStep => 'each');
    return member === '' && index === 0 && each.length > 0 ? each : [{ member }, ...each];
  });
  const isGood = steps.length <= MAX_STEPS && steps.every((step) => step === 'each' || /^[^[\]]+$/.test(step.member));
  if (isGood) return steps;
  return body.refuse('path', `expected up to ${MAX_STEPS} names joined by dots, such as address.city or stays[].hotel`);
}

/** The part without the `[]` at its end. */
function withoutBrackets(part: string): string {
  let end = part.length;
  while (part.endsWith('[]', end)) end -= 2;
  return part.slice(0, end);
}

function deeds(deed: Deed['deed'], key: string, member: string): Record<string, LeafKind<SegmentLeaf>> {
  const readDeed = (body: LeafBody): Deed | null => {
    if (deed === 'purchase' && !body.has(member)) return { deed, name: null };
    const name = body.text(member);
    return name === null ? null : { deed, name };
  };
  const timed = (kind: 'done_first' | 'done_last'): LeafKind<SegmentLeaf> => ({
    members: [member, 'comparison', 'value'],
    read(body) {
      const what = readDeed(body);
      const test = readTimeTest(body);
      return what && test && { kind, ...what, ...test };
    },
  });
  return {
    [key]: {
      members: [member, 'comparison'],
      read(body) {
        const what = readDeed(body);
        const has = body.either('comparison', 'has', 'has_not');
        return what === null || has === null ? null : { kind: 'done', ...what, has };
      },
    },
    [`${key}_first`]: timed('done_first'),
    [`${key}_last`]: timed('done_last'),
    [`${key}_count_in_days`]: {
      members: [member, 'comparison', 'count', 'days'],
      read(body) {
        const what = readDeed(body);
        const comparison = body.oneOf('comparison', countComparisons);
        const count = body.integer('count', { min: 0, max: 50 });
        const days = body.integer('days', { min: 1, max: MAX_DAYS });
        if (what === null || comparison === null || count === null || days === null) return null;
        return { kind: 'done_in_days', ...what, comparison, count, days };
      },
    },
  };
}

function purchaseTotal(body: LeafBody, of: 'count' | 'revenue'): SegmentLeaf | null {
  const test = readNumberTest(body);
  return test && { kind: 'purchase_total', of, ...test };
}

function sessionCount(body: LeafBody): SegmentLeaf | null {
  const test = readNumberTest(body);
  return test && { kind: 'session_count', ...test };
}

function sessionCountInDays(body: LeafBody): SegmentLeaf | null {
  const test = readNumberTest(body);
  const days = body.integer('days', { min: 1, max: MAX_DAYS });
  return test === null || days === null ? null : { kind: 'session_count_in_days', ...test, days };
}

function subscriptionGroup(body: LeafBody): SegmentLeaf | null {
  const groupId = body.text('subscription_group_id');
  const is = body.either('comparison', 'is', 'is_not');
  const state = body.oneOf('value', ['subscribed', 'unsubscribed', 'unknown']);
  return groupId === null || is === null || state === null ? null : { kind: 'subscription_group', groupId, is, state };
}

function pushEnabled(body: LeafBody): SegmentLeaf | null {
  const platform = body.has('platform') ? body.oneOf('platform', platforms) : undefined;
  const appId = body.has('app_id') ? body.text('app_id') : undefined;
  if (platform === null || appId === null) return null;
  return { kind: 'push_enabled', platform: platform ?? null, appId: appId ?? null };
}

function lastReceived(body: LeafBody): SegmentLeaf | null {
  const channel = body.oneOf('channel', receivedChannels);
  const test = readTimeTest(body);
  return channel && test && { kind: 'last_received', channel: channel === 'any' ? null : channel, ...test };
}

function receivedCampaign(body: LeafBody): SegmentLeaf | null {
  const campaignId = body.text('campaign_id');
  const has = body.either('comparison', 'has', 'has_not');
  return campaignId === null || has === null ? null : { kind: 'received_campaign', campaignId, has };
}

function receivedTag(body: LeafBody): SegmentLeaf | null {
  const tag = body.text('tag');
  const has = body.either('comparison', 'has', 'has_not');
  return tag === null || has === null ? null : { kind: 'received_tag', tag, has };
}

function segment(body: LeafBody): SegmentLeaf | null {
  const segmentId = body.text('segment_id');
  const isIn = body.either('comparison', 'in', 'not_in');
  return segmentId === null || isIn === null ? null : { kind: 'segment', segmentId, in: isIn };
}
