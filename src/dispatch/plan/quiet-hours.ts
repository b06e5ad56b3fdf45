import type { Channel } from '../../channels/channel.ts';
import { isTimeZone, offsetPeriods, wallClock, zonedTime } from '../../lib/time/time-zone.ts';
import type { Campaign, WorkspaceCatalog } from '../../workspace/catalog.ts';
import { minuteOf, type QuietGroup, type QuietHours } from '../../workspace/rules/quiet-hours.ts';
import type { SendPlan } from './send-plan.ts';

/** Quiet hours that concern a message, and who made them. */
export interface QuietRule extends Omit<QuietHours, 'channels'> {
  of: 'workspace' | 'campaign' | 'request';
}

/** The quiet hours in which a person is at some moment. */
export interface Quiet {
  rule: QuietRule;
  /** When the person's clock leaves them. */
  until: Date;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** A window lasts at most 20 hours, and clocks are never moved by so much. */
const LONGEST_MS = 26 * HOUR_MS;
/** A message that would be held for longer never goes out: its windows leave no time of day. */
const LONGEST_HOLD_MS = 48 * HOUR_MS;

/** The quiet hours of one channel of a dispatch. */
export interface QuietPlan {
  rules: readonly QuietRule[];
  /** The zone of people who have none. */
  workspaceZone: string;
}

/** The group under which quiet hours know a channel. */
export function quietGroupOf({ capFamily }: Pick<Channel, 'capFamily'>): QuietGroup {
  return capFamily ?? 'content_cards';
}

/** The quiet hours that a channel of a dispatch has. null: none. */
export function quietPlanOf(
  channel: Pick<Channel, 'capFamily'>,
  {
    workspace: { settings, timeZone },
    plan,
    campaign,
  }: { workspace: Pick<WorkspaceCatalog, 'settings' | 'timeZone'>; plan: SendPlan; campaign: Campaign | undefined },
): QuietPlan | null {
  const ignoresWorkspace = plan.ignoresWorkspaceQuietHours === true || campaign?.ignoresQuietHours === true;
  const given: Given[] = [
    ['workspace', ignoresWorkspace ? [] : (settings.quietHours ?? [])],
    ['campaign', campaign?.quietHours ?? []],
    ['request', plan.quietHours ?? []],
  ];
  return fitting(channel, given, timeZone);
}

/** The quiet hours that a channel has by the workspace's own rules. null: none. */
export function workspaceQuiet(
  channel: Pick<Channel, 'capFamily'>,
  { settings, timeZone }: Pick<WorkspaceCatalog, 'settings' | 'timeZone'>,
): QuietPlan | null {
  return fitting(channel, [['workspace', settings.quietHours ?? []]], timeZone);
}

/** Windows, and who made them. */
type Given = [QuietRule['of'], readonly QuietHours[]];

function fitting(
  channel: Pick<Channel, 'capFamily'>,
  given: readonly Given[],
  workspaceZone: string,
): QuietPlan | null {
  const group = quietGroupOf(channel);
  const rules = given.flatMap(([of, windows]) =>
    windows
      .filter(({ channels }) => channels.includes(group))
      .map(({ from, until, action }) => ({ of, from, until, action })),
  );
  return rules.length === 0 ? null : { rules, workspaceZone };
}

/** The zone by whose clock a person has quiet hours. */
export function quietZone(own: string | null, workspaceZone: string): string {
  return own !== null && isTimeZone(own) ? own : workspaceZone;
}

/**
 * What quiet hours say to a message at `now`: null: nothing; `drop`: it is never sent; else how long it is held, and by
 * the first rule that holds it. `until`: null: for ever, because the windows together leave no time of day. Pure.
 */
export function heldBy(
  rules: readonly QuietRule[],
  zone: string,
  now: Date,
): { rule: QuietRule; until: Date | null } | null {
  const found = rules.flatMap((rule) => quietAt(rule, zone, now) ?? []);
  const [first] = found;
  if (first === undefined) return null;
  const dropping = found.find(({ rule }) => rule.action === 'drop');
  if (dropping !== undefined) return dropping;
  const latest = now.getTime() + LONGEST_HOLD_MS;
  let { until } = first;
  for (;;) {
    const next = rules.flatMap((rule) => quietAt(rule, zone, until) ?? []).at(0);
    // What drops then is asked when the time has come.
    if (next === undefined || next.rule.action === 'drop') return { rule: first.rule, until };
    until = next.until;
    if (until.getTime() > latest) return { rule: first.rule, until: null };
  }
}

/**
 * The time within quiet hours that hold is moved to their nearer end, to the later one if both are as near, or if the
 * earlier has passed. A time outside stays. The original does so with optimal times. Source: eligibility.md §1, step 8b.
 */
export function nearestEdge(rules: readonly QuietRule[], zone: string, at: Date, now: Date): Date {
  const holding = rules.filter(({ action }) => action === 'hold');
  const held = heldBy(holding, zone, at);
  if (held === null || held.until === null) return at;
  const begins = beginOf(held.rule, zone, at);
  const isNearer = at.getTime() - begins.getTime() < held.until.getTime() - at.getTime();
  return isNearer && begins >= now ? begins : held.until;
}

/** When the window began that lasts at `at`. */
function beginOf({ from }: QuietRule, zone: string, at: Date): Date {
  const [year = 0, month = 1, day = 1] = wallClock(at, zone);
  const daysBack = minuteAt(at, zone) < minuteOf(from) ? 1 : 0;
  return zonedTime(new Date(Date.UTC(year, month - 1, day - daysBack, 0, minuteOf(from))), zone);
}

/** Whether quiet hours begin at the very moment `at`. */
export function beginsAt(rules: readonly QuietRule[], zone: string, at: Date): boolean {
  return heldBy(rules, zone, at) !== null && heldBy(rules, zone, new Date(at.getTime() - 1)) === null;
}

/** When windows last in zones: of each, the stretch that was asked for last. */
const stretches = new Map<string, { from: Date; until: Date }>();
/** Most stretches that are kept. There are some 600 zones, and some have several spellings. */
const MOST_KEPT = 5_000;

/** Whether the clock of a zone shows a time within a window. null: it does not. */
export function quietAt(rule: QuietRule, zone: string, at: Date): Quiet | null {
  if (!isWithin(rule, minuteAt(at, zone))) return null;
  const key = `${rule.from} ${rule.until} ${zone}`;
  const known = stretches.get(key);
  if (known !== undefined && known.from <= at && at < known.until) return { rule, until: known.until };
  const until = endOf(rule, zone, at);
  if (stretches.size >= MOST_KEPT) stretches.clear();
  stretches.set(key, { from: at, until });
  return { rule, until };
}

/**
 * The first instant from `at` on at which the clock shows a time outside of the window. Between two changes of the clock
 * it runs evenly; a change may end the window, or show a part of it twice.
 */
function endOf({ from, until }: QuietRule, zone: string, at: Date): Date {
  for (const period of offsetPeriods(zone, at, new Date(at.getTime() + LONGEST_MS))) {
    const localMs = period.from.getTime() + period.aheadMs;
    const minute = Math.floor(localMs / MINUTE_MS) % (24 * 60);
    if (!isWithin({ from, until }, minute)) return period.from;
    const minutes = (minuteOf(until) - minute + 24 * 60) % (24 * 60);
    const end = new Date(Math.floor(localMs / MINUTE_MS) * MINUTE_MS + minutes * MINUTE_MS - period.aheadMs);
    if (end < period.until) return end;
  }
  throw new Error(`the quiet hours ${from} to ${until} do not end in ${zone}`);
}

function isWithin({ from, until }: Pick<QuietHours, 'from' | 'until'>, minute: number): boolean {
  const [first, after] = [minuteOf(from), minuteOf(until)];
  return first < after ? first <= minute && minute < after : first <= minute || minute < after;
}

function minuteAt(at: Date, zone: string): number {
  const [, , , hour = 0, minute = 0] = wallClock(at, zone);
  return hour * 60 + minute;
}

/** Says which quiet hours they are. */
export function quietWords({ of, from, until }: QuietRule, zone: string): string {
  return `quiet hours of the ${of}: ${from} to ${until} in ${zone}`;
}
