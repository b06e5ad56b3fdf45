// Facts of one send, for tests of decisions that need no database.
import type { ChannelKey } from '../../src/channels/channel.ts';
import { noEmailSettings } from '../../src/channels/email/settings.ts';
import type { PendingSend } from '../../src/dispatch/ledger/send.ts';
import { type LoadedDispatch, prepare } from '../../src/dispatch/plan/loaded-dispatch.ts';
import type { SendPlan } from '../../src/dispatch/plan/send-plan.ts';
import { compileMessages } from '../../src/dispatch/plan/templates.ts';
import { Problems } from '../../src/lib/raw/problems.ts';
import type { PushTarget, Recipient } from '../../src/people/profile/facts.ts';
import type { PersonFacts } from '../../src/templating/facts.ts';
import type { WorkspaceCatalog } from '../../src/workspace/catalog.ts';

export const now = new Date('2026-03-15T12:00:00Z');
export const GROUP = '55555555-5555-4555-8555-555555555555';

const facts: PersonFacts = {
  brazeId: 'b1',
  externalId: 'ada',
  firstName: 'Ada',
  lastName: null,
  email: 'ada@acme.test',
  phone: '+14155550100',
  gender: null,
  language: 'en',
  country: null,
  homeCity: null,
  timeZone: null,
  dob: null,
  randomBucket: 7,
  longitude: null,
  latitude: null,
  lastSessionAt: null,
  emailState: 'opted_in',
  custom: {},
  customTimes: {},
  subscriptionGroups: { [GROUP]: 'subscribed' },
  mostRecentlyUsedDevice: null,
};

export function device(changes: Partial<PushTarget> = {}): PushTarget {
  return {
    appId: 'app',
    platform: 'ios',
    token: 't1',
    deviceId: 'd1',
    foreground: true,
    lastUsedAt: null,
    registeredAt: now,
    environment: null,
    ...changes,
  };
}

/** Ada may get anything: she is opted in everywhere, is a member of the group, and has one device. */
export function recipient({
  person = {},
  ...changes
}: Partial<Omit<Recipient, 'person'>> & { person?: Partial<PersonFacts> } = {}): Recipient {
  return {
    bucket: 1,
    userId: 1,
    person: { ...facts, ...person },
    pushState: 'opted_in',
    emailUnsubscribedAt: null,
    pushUnsubscribedAt: null,
    pushTargets: [device()],
    emailFlags: null,
    phoneFlags: null,
    lastWrote: {},
    sharedEmail: null,
    sharedPhone: null,
    ...changes,
  };
}

export function workspace(changes: Partial<WorkspaceCatalog> = {}): WorkspaceCatalog {
  return {
    id: 1,
    name: 'Acme',
    timeZone: 'UTC',
    settings: {
      email: { ...noEmailSettings },
      webhook: { deliver: false, allow: [] },
      audience: { missingNumberIsZero: false },
      requests: { keyInBody: false, strictContentType: false },
      schedules: { lateMs: 3_600_000 },
      users: { trackBatch: 'per_array' },
      itemCatalogs: { storageBytes: 2_147_483_648 },
      rateLimits: {},
    },
    apps: new Map(),
    subscriptionGroups: new Map(),
    segments: new Map(),
    campaigns: new Map(),
    canvases: new Map(),
    frequencyCaps: [],
    ...changes,
  };
}

const messages: SendPlan['messages'] = {
  android_push: { alert: 'a', title: 't' },
  apple_push: { alert: 'a' },
  content_card: { type: 'CLASSIC', title: 't', description: 'd', time_to_live: 60 },
  email: { app_id: 'app', from: 'a@acme.test', subject: 's', body: '<p>b</p>' },
  kindle_push: { alert: 'a', title: 't' },
  sms: { app_id: 'app', subscription_group_id: GROUP, body: 'b' },
  web_push: { alert: 'a', title: 't' },
  webhook: { url: 'https://example.com/', request_method: 'POST', body: 'b' },
  whats_app: {
    ...{ app_id: 'app', subscription_group_id: GROUP, message_type: 'text_response_message' },
    message: { body: 'b' },
  },
};

/** The message of each channel for which the test brings none of its own. */
export function messagesOf(...keys: ChannelKey[]): SendPlan['messages'] {
  return Object.fromEntries(keys.map((key) => [key, messages[key]]));
}

/** A dispatch to named people, or to an audience (`isBroadcast`). */
export function dispatchOf(
  given: SendPlan['messages'],
  options: {
    id?: string;
    plan?: Partial<SendPlan>;
    workspace?: WorkspaceCatalog;
    isBroadcast?: boolean;
    isExpanded?: boolean;
  } = {},
): LoadedDispatch {
  const plan: SendPlan = {
    version: 1,
    names: options.isBroadcast ? [] : [{ label: '', name: 'ada' }],
    segmentId: null,
    audience: null,
    campaignId: null,
    sendId: null,
    obeysCaps: true,
    countsTowardCaps: true,
    requiredState: 'subscribed',
    delivery: 'at_least_once',
    messages: given,
    ...options.plan,
  };
  const row = {
    id: options.id ?? '00000000-0000-7000-8000-000000000001',
    state: 'sending' as const,
    accepted_at: now,
    expanded_at: options.isExpanded === false ? null : now,
  };
  const problems = new Problems();
  const compiled = compileMessages(given, problems);
  problems.throwIfAny();
  return prepare(row, options.workspace ?? workspace(), { plan, messages: compiled });
}

export function sendOf(dispatch: LoadedDispatch, channel: ChannelKey, changes: Partial<PendingSend> = {}): PendingSend {
  return { bucket: 1, userId: 1, dispatchId: dispatch.id, channel, taskId: 1, attempts: 0, ...changes };
}
