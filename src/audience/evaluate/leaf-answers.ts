import { own } from '../../lib/raw/json.ts';
import { idKey } from '../../workspace/catalog.ts';
import { campaignsTagged, readableName } from '../context.ts';
import type { Leaf, NumberTest } from '../grammar/filter.ts';
import type { AudienceFacts, DeedTotal } from './facts.ts';
import type { Answer, Question } from './question.ts';
import { type Judgement, timeHolds, timesHold, valueHolds, valuesAt, valuesHold } from './values.ts';

const MS_PER_DAY = 24 * 60 * 60 * 1000;

type Plain = Exclude<Leaf, { kind: 'segment' }>;
type LeafOf<Kind extends Plain['kind']> = Extract<Plain, { kind: Kind }>;

/** The evaluator of each kind of filter. Source: audience.md §2 and §6.2. */
const answers: { readonly [Kind in Plain['kind']]: (leaf: LeafOf<Kind>, question: Question) => Answer } = {
  custom_attribute: customAttribute,
  nested_custom_attribute(leaf, question) {
    const values = valuesAt(own(question.facts.custom, readableName(leaf.name, question.context)), leaf.steps);
    const found = leaf.steps.includes('each') ? values : values[0];
    const held =
      'days' in leaf || 'at' in leaf
        ? timesHold(values, leaf, question.context.now.getTime())
        : valuesHold(values, leaf, judgementOf(question));
    return { held, found };
  },
  attribute: defaultAttribute,
  state(leaf, { facts }) {
    const state = leaf.of === 'push' ? facts.pushState : facts.emailState;
    return { held: (state === leaf.state) === leaf.is, found: state };
  },
  last_used_app(leaf, { facts, context }) {
    const at = facts.lastSessionAt;
    return { held: timeHolds(at, leaf, context.now.getTime()), found: shownTime(at) };
  },
  session_count: (leaf, { facts }) => number(facts.sessionCount, leaf),
  session_count_in_days(leaf, { facts, context }) {
    const since = startOfDays(leaf, context.now);
    const sessions = facts.sessionDays.filter(({ startsAt }) => startsAt >= since);
    return number(sum(sessions.map(({ count }) => count)), leaf);
  },
  done(leaf, { facts }) {
    const times = sum(totalsOf(facts, leaf).map(({ count }) => count));
    return { held: totalsOf(facts, leaf).length > 0 === leaf.has, found: times };
  },
  done_first: (leaf, { facts, context }) =>
    time(
      Math.min,
      totalsOf(facts, leaf).map(({ firstAt }) => firstAt),
      leaf,
      context.now,
    ),
  done_last: (leaf, { facts, context }) =>
    time(
      Math.max,
      totalsOf(facts, leaf).map(({ lastAt }) => lastAt),
      leaf,
      context.now,
    ),
  done_in_days(leaf, { facts, context }) {
    const since = startOfDays(leaf, context.now);
    const days = facts.days.filter(({ deed, name, startsAt }) => isMeant(leaf, deed, name) && startsAt >= since);
    const count = sum(days.map((day) => day.count));
    const held = { equals: count === leaf.count, greater_than: count > leaf.count, less_than: count < leaf.count };
    return { held: held[leaf.comparison], found: count };
  },
  purchase_total(leaf, { facts }) {
    const bought = facts.totals.filter(({ deed }) => deed === 'purchase');
    return number(sum(bought.map(({ count, revenue }) => (leaf.of === 'count' ? count : revenue))), leaf);
  },
  subscription_group(leaf, { facts, context }) {
    const id = idKey(leaf.groupId);
    const isUnsubscribedFromAll =
      facts.emailState === 'unsubscribed' && context.workspace.subscriptionGroups.get(id)?.channel === 'email';
    const state = isUnsubscribedFromAll ? 'unsubscribed' : (facts.groups.get(id) ?? 'unknown');
    const answer = { held: (state === leaf.state) === leaf.is, found: state };
    return isUnsubscribedFromAll ? { ...answer, because: unsubscribedFromAll(facts) } : answer;
  },
  email_available(leaf, { facts }) {
    const obstacle = mailObstacle(facts);
    const answer = { held: (obstacle === null) === leaf.is, found: obstacle ?? 'available' };
    return obstacle === 'unsubscribed' ? { ...answer, because: unsubscribedFromAll(facts) } : answer;
  },
  push_enabled({ platform, appId }, { facts }) {
    const matching = facts.pushTokens.filter(
      (token) =>
        token.foreground &&
        (platform === null || token.platform === platform) &&
        (appId === null || token.appId === idKey(appId)),
    );
    const held = facts.pushState !== 'unsubscribed' && matching.length > 0;
    return { held, found: { push_state: facts.pushState, foreground_tokens: matching.length } };
  },
  address_flag(leaf, { facts }) {
    const found = facts.addressFlags[leaf.flag];
    return { held: found === leaf.is, found };
  },
  last_received(leaf, { facts, context }) {
    const matching = facts.received.filter(({ channel }) => leaf.channel === null || channel === leaf.channel);
    return time(
      Math.max,
      matching.map(({ lastAt }) => lastAt),
      leaf,
      context.now,
    );
  },
  received_campaign: (leaf, { facts }) => received(facts, [idKey(leaf.campaignId)], leaf.has),
  received_tag: (leaf, { facts, context }) => received(facts, campaignsTagged(context.workspace, leaf.tag), leaf.has),
};

export function leafAnswers<Kind extends Plain['kind']>(
  leaf: LeafOf<Kind> & { kind: Kind },
  question: Question,
): Answer {
  const answer: (leaf: LeafOf<Kind>, question: Question) => Answer = answers[leaf.kind];
  return answer(leaf, question);
}

function judgementOf({ context, matches }: Question): Judgement {
  return { matches, missingNumberIsZero: context.workspace.settings.audience.missingNumberIsZero };
}

function customAttribute(leaf: LeafOf<'custom_attribute'>, question: Question): Answer {
  const { facts, context } = question;
  const name = readableName(leaf.name, context);
  const found = own(facts.custom, name);
  if (!('days' in leaf || 'at' in leaf)) return { held: valueHolds(found, leaf, judgementOf(question)), found };
  const at = own(facts.customTimes, name);
  return { held: timeHolds(at, leaf, context.now.getTime()), found };
}

function defaultAttribute(leaf: LeafOf<'attribute'>, question: Question): Answer {
  const value = question.facts.attributes[leaf.name];
  if (typeof value !== 'number' || leaf.name === 'random_bucket') {
    if ('days' in leaf || 'at' in leaf) return { held: false, found: value ?? undefined };
    return { held: valueHolds(value, leaf, judgementOf(question)), found: value ?? undefined };
  }
  const found = shownTime(value);
  if ('days' in leaf || 'at' in leaf) return { held: timeHolds(value, leaf, question.context.now.getTime()), found };
  return { held: leaf.comparison === 'exists', found };
}

/** 00:00 UTC of the day `days` days ago, in milliseconds since 1970. */
function startOfDays({ days }: { days: number }, now: Date): number {
  return now.getTime() - (now.getTime() % MS_PER_DAY) - days * MS_PER_DAY;
}

function shownTime(at: number | null): string | undefined {
  return at === null ? undefined : new Date(at).toISOString();
}

function isMeant(leaf: { deed: string; name: string | null }, deed: string, name: string): boolean {
  return leaf.deed === deed && (leaf.name === null || leaf.name === name);
}

function totalsOf({ totals }: AudienceFacts, leaf: { deed: string; name: string | null }): DeedTotal[] {
  return totals.filter(({ deed, name }) => isMeant(leaf, deed, name));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

/** Tests the first or the last of several times. Without any time no test passes. */
function time(
  pick: (...times: number[]) => number,
  times: readonly number[],
  test: Parameters<typeof timeHolds>[1],
  now: Date,
): Answer {
  const at = times.length === 0 ? null : pick(...times);
  return { held: timeHolds(at, test, now.getTime()), found: shownTime(at) };
}

function number(found: number, { comparison, value }: NumberTest): Answer {
  const held = {
    equals: found === value,
    not_equal: found !== value,
    greater_than: found > value,
    greater_than_or_equal_to: found >= value,
    less_than: found < value,
    less_than_or_equal_to: found <= value,
  };
  return { held: held[comparison], found };
}

function unsubscribedFromAll({ emailStateChangedAt: at }: AudienceFacts): string {
  const when = at === null ? '' : ` at ${shownTime(at)}`;
  return `the person unsubscribed from all mails${when}`;
}

function mailObstacle({ attributes, emailState, addressFlags }: AudienceFacts): string | null {
  if (attributes.email === null) return 'no address';
  if (emailState === 'unsubscribed') return 'unsubscribed';
  if (addressFlags.hard_bounced) return 'hard bounced';
  return addressFlags.marked_spam ? 'marked as spam' : null;
}

function received(facts: AudienceFacts, campaignIds: readonly string[], has: boolean): Answer {
  const matching = facts.received.filter(({ campaignId }) => campaignId !== null && campaignIds.includes(campaignId));
  const last = matching.length === 0 ? null : Math.max(...matching.map(({ lastAt }) => lastAt));
  return { held: matching.length > 0 === has, found: shownTime(last) };
}
