import { Liquid } from 'liquidjs';
import { noEmailSettings } from '../src/channels/email/settings.ts';
import { compose } from '../src/dispatch/admit/compose.ts';
import { type LoadedDispatch, prepare } from '../src/dispatch/plan/loaded-dispatch.ts';
import { compileMessages } from '../src/dispatch/plan/templates.ts';
import { Problems } from '../src/lib/raw/problems.ts';
import type { Recipient } from '../src/people/profile/facts.ts';
import type { RenderContext } from '../src/templating/facts.ts';
import { compileTemplate } from '../src/templating/template.ts';
import type { WorkspaceCatalog } from '../src/workspace/catalog.ts';
import { type Figure, median } from './figure.ts';
import { isVerbose, numberOption } from './options.ts';

const PEOPLE = numberOption('people', 50_000);
const ROUNDS = numberOption('rounds', 3);
const LEAST_SHARE = 0.9;
const LEAST_PUSHES = 40_000;
const NOW = new Date('2026-03-15T12:00:00Z');

interface Case {
  what: string;
  /** One text, as our dialect and as liquidjs write it. They must print the same. */
  ours: string;
  bare: string;
}

const cases: readonly Case[] = [
  {
    what: 'a text with three references and a default',
    ours: 'Hi {{${first_name} | default: "you"}}, {{custom_attribute.${points}}} points in {{custom_attribute.${city} | upcase}}',
    bare: 'Hi {{ first_name | default: "you" }}, {{ points }} points in {{ city | upcase }}',
  },
  {
    what: 'a condition, a loop, arithmetic',
    ours: '{% if custom_attribute.${points} > 100 %}{% for b in custom_attribute.${brands} limit: 3 %}{{b}} {{custom_attribute.${points} | plus: 50 | times: 2}}, {% endfor %}{% else %}none{% endif %}',
    bare: '{% if points > 100 %}{% for b in brands limit: 3 %}{{ b }} {{ points | plus: 50 | times: 2 }}, {% endfor %}{% else %}none{% endif %}',
  },
];

/**
 * Measures how fast templates that are already parsed are rendered, each for another person: against bare liquidjs with the
 * same text, and as the push of three fields that the sender composes. Processor time of this process, which does nothing
 * else, so other work on the machine disturbs it little.
 */
export async function benchTemplates(): Promise<Figure[]> {
  const people = Array.from({ length: PEOPLE }, (_, index) => recipientOf(index));
  return [...cases.map((one) => renderFigure(one, people)), pushFigure(people)];
}

function renderFigure({ what, ours, bare }: Case, people: readonly Recipient[]): Figure {
  const template = compileTemplate(ours);
  const engine = new Liquid();
  const parsed = engine.parse(bare);
  const contexts = people.map(contextFor);
  const scopes = people.map(({ person: { firstName, custom } }) => ({ first_name: firstName, ...custom }));
  const rounds = roundsOf(() => ({
    ours: perSecond(contexts, (context) => template.render(context)),
    bare: perSecond(scopes, (scope) => String(engine.renderSync(parsed, scope))),
  }));
  for (const [index, context] of contexts.slice(0, 100).entries()) {
    const wanted = engine.renderSync(parsed, scopes[index]);
    if (template.render(context) !== wanted) throw new Error(`${what}: expected ${JSON.stringify(wanted)}`);
  }
  const share = median(rounds.map((round) => round.ours / round.bare));
  const rate = (of: 'ours' | 'bare') => Math.round(median(rounds.map((round) => round[of])));
  return {
    what: `render ${what}, a core, against bare liquidjs with the same parsed template`,
    value: `${share.toFixed(2)} (${rate('ours')}/s, bare ${rate('bare')}/s)`,
    bar: LEAST_SHARE.toFixed(2),
    holds: share >= LEAST_SHARE,
  };
}

function pushFigure(people: readonly Recipient[]): Figure {
  const dispatch = pushDispatch();
  const message = dispatch.messages.get('android_push');
  if (message === undefined) throw new Error('the dispatch has no push');
  const links = () => {
    throw new Error('a push has no links');
  };
  const rounds = roundsOf(() => ({
    pushes: perSecond(people, (recipient) => {
      const composed = compose({ dispatch, message, recipient, now: NOW, links });
      if (composed instanceof Promise || composed.kind !== 'composed') throw new Error(JSON.stringify(composed));
      return JSON.stringify(composed.rendered);
    }),
  }));
  const rate = Math.round(median(rounds.map(({ pushes }) => pushes)));
  return {
    what: 'compose a push whose title, alert and link are templates, with its JSON, a core',
    value: `${rate}/s`,
    bar: `${LEAST_PUSHES}/s`,
    holds: rate >= LEAST_PUSHES,
  };
}

/** Measures after a round that warms the engine up. */
function roundsOf<Round>(measure: () => Round): Round[] {
  const rounds = Array.from({ length: ROUNDS + 1 }, measure).slice(1);
  if (isVerbose) console.error(JSON.stringify(rounds));
  return rounds;
}

/** Texts for a second of processor time. */
function perSecond<Item>(items: readonly Item[], render: (item: Item) => string): number {
  const before = process.cpuUsage();
  let length = 0;
  for (const item of items) length += render(item).length;
  const { user, system } = process.cpuUsage(before);
  if (length === 0) throw new Error('nothing was rendered');
  return items.length / ((user + system) / 1e6);
}

function pushDispatch(): LoadedDispatch {
  const messages = {
    android_push: {
      title: 'Hi {{${first_name} | default: "you"}}',
      alert: '{{custom_attribute.${points}}} points in {{custom_attribute.${city}}}',
      custom_uri: 'https://acme.test/{{${user_id} | url_param_escape}}',
    },
  };
  const problems = new Problems();
  const compiled = compileMessages(messages, problems);
  problems.throwIfAny();
  const plan = {
    version: 1 as const,
    names: [],
    segmentId: null,
    audience: null,
    campaignId: null,
    sendId: null,
    obeysCaps: true,
    countsTowardCaps: true,
    requiredState: 'subscribed' as const,
    delivery: 'at_least_once' as const,
    messages,
  };
  const row = { id: '00000000-0000-7000-8000-000000000001', state: 'sending' as const, accepted_at: NOW };
  return prepare(row, workspace, { plan, messages: compiled });
}

const workspace: WorkspaceCatalog = {
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
};

function contextFor({ person }: Recipient): RenderContext {
  return { now: NOW, person, dispatchId: 'd1', campaign: null, variation: null, links: null };
}

function recipientOf(index: number): Recipient {
  return {
    bucket: 1,
    userId: index + 1,
    person: {
      brazeId: `b${index}`,
      externalId: `u${index}`,
      firstName: index % 7 === 0 ? null : `Ada ${index}`,
      lastName: null,
      email: null,
      phone: null,
      gender: null,
      language: 'en',
      country: null,
      homeCity: null,
      timeZone: null,
      dob: null,
      randomBucket: index % 10_000,
      longitude: null,
      latitude: null,
      lastSessionAt: null,
      emailState: 'subscribed',
      custom: {
        points: 90 + (index % 50),
        city: `City ${index % 100}`,
        brands: ['Nike', 'Puma', `B${index % 10}`, 'Q'],
      },
      customTimes: {},
      subscriptionGroups: {},
      mostRecentlyUsedDevice: null,
    },
    pushState: 'subscribed',
    emailUnsubscribedAt: null,
    pushUnsubscribedAt: null,
    pushTargets: [],
    emailFlags: null,
    phoneFlags: null,
    lastWrote: {},
    wantsNoOpens: false,
    wantsNoClicks: false,
    sharedEmail: null,
    sharedPhone: null,
  };
}
