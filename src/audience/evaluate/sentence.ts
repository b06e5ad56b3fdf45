import { idKey } from '../../workspace/catalog.ts';
import type { AudienceWorkspace } from '../context.ts';
import type { Deed, Leaf } from '../grammar/filter.ts';
import type { Answer } from './question.ts';

const MOST_CHARACTERS = 120;

/** Says in words what the filter looks at, which value it found, what it asks, and whether that holds. */
export function sentenceOf(leaf: Leaf, { held, found, because }: Answer, workspace: AudienceWorkspace): string {
  const cause = because === undefined ? '' : ` because ${because}`;
  const value = found === undefined ? 'is missing' : `is ${shown(found)}${cause}`;
  return `${subjectOf(leaf, workspace)} ${value}, ${askedOf(leaf)} ${held ? 'holds' : 'does not hold'}`;
}

/** The value as JSON, shortened to 120 characters. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  if (text.length <= MOST_CHARACTERS) return text;
  return `${text.slice(0, MOST_CHARACTERS).toWellFormed()}…`;
}

function subjectOf(leaf: Leaf, workspace: AudienceWorkspace): string {
  switch (leaf.kind) {
    case 'custom_attribute':
    case 'attribute':
      return plain(leaf.name);
    case 'nested_custom_attribute':
      return plain(
        leaf.steps.reduce<string>(
          (path, step) => (step === 'each' ? `${path}[]` : `${path}.${step.member}`),
          leaf.name,
        ),
      );
    case 'state':
      return `${leaf.of}_subscription_status`;
    case 'done':
      return `the number of times of ${deedOf(leaf)}`;
    case 'done_in_days':
      return `the number of times of ${deedOf(leaf)} in ${leaf.days} days`;
    case 'session_count_in_days':
      return `the number of sessions in ${leaf.days} days`;
    case 'done_first':
      return `the first ${deedOf(leaf)}`;
    case 'done_last':
      return `the last ${deedOf(leaf)}`;
    case 'purchase_total':
      return `purchase_total_${leaf.of}`;
    case 'subscription_group':
      return `subscription group ${shown(workspace.subscriptionGroups.get(idKey(leaf.groupId))?.name ?? leaf.groupId)}`;
    case 'address_flag':
      return leaf.flag;
    case 'last_received':
      return leaf.channel === null ? 'the last message received' : `the last ${leaf.channel} received`;
    case 'received_campaign':
      return `the last message received of campaign ${shown(workspace.campaigns.get(idKey(leaf.campaignId))?.name ?? leaf.campaignId)}`;
    case 'received_tag':
      return `the last message received of campaigns with tag ${shown(leaf.tag)}`;
    case 'segment':
      return `of segment ${shown(workspace.segments.get(idKey(leaf.segmentId))?.name ?? leaf.segmentId)} the person`;
    default:
      return leaf.kind;
  }
}

/** The name unchanged if it is plain, else as JSON. */
function plain(name: string): string {
  return /^[\w.[\] -]{1,120}$/.test(name) ? name : shown(name);
}

function deedOf({ deed, name }: Deed): string {
  if (name === null) return 'purchase';
  return deed === 'event' ? `custom_event ${shown(name)}` : `purchase of ${shown(name)}`;
}

function askedOf(leaf: Leaf): string {
  const word = wordOf(leaf);
  if ('pattern' in leaf) return `${word} ${shown(leaf.pattern.given)}`;
  if ('value' in leaf) return `${word} ${shown(leaf.value)}`;
  if ('values' in leaf) return `${word} ${shown(leaf.values)}`;
  if ('at' in leaf) return `${word} ${new Date(leaf.at).toISOString()}`;
  if ('count' in leaf) return `${word} ${leaf.count}`;
  return 'state' in leaf ? `${word} ${leaf.state}` : 'days' in leaf ? `${word} ${leaf.days}` : word;
}

function wordOf(leaf: Leaf): string {
  if ('comparison' in leaf) return leaf.comparison;
  if ('has' in leaf) return leaf.has ? 'has' : 'has_not';
  if ('in' in leaf) return leaf.in ? 'in' : 'not_in';
  if (leaf.kind === 'state' || leaf.kind === 'subscription_group') return leaf.is ? 'is' : 'is_not';
  return 'is' in leaf ? String(leaf.is) : 'push_enabled';
}
