import type { Asked } from './timing.ts';

/** What pages are opened of. */
export interface Samples {
  /** Ids of dispatches that are over: to everybody, to a tenth of the people, to a thousandth, to one person. */
  all: readonly string[];
  tenth: readonly string[];
  thousandth: readonly string[];
  one: readonly string[];
  campaigns: readonly string[];
  segments: readonly string[];
  /** Braze ids. */
  people: readonly string[];
  /** A dispatch to the thousandth, and braze ids of some of its people. */
  why: { dispatch: string; people: readonly string[] };
  /** Dispatch and braze id of messages in the outbox. */
  outbox: readonly (readonly [dispatch: string, person: string])[];
}

export interface Page {
  name: string;
  /** The requests of the page, for each of some ids. */
  variants: readonly (readonly Asked[])[];
}

/** Every page of the console (src/console/pages), and the requests with which it begins, beside those of the shell. */
export function pagesOf(samples: Samples): Page[] {
  const { all, tenth, thousandth, one, campaigns, segments, people, why, outbox } = samples;
  return [
    page('sign-in', ['sign-in']),
    page('home', ['me', 'home', 'troubles']),
    page('dispatches', ['dispatches?limit=50', 'views?list=dispatches']),
    ...['sending', 'paused', 'finished', 'cancelled', 'failed'].map((state) =>
      page(`dispatches that are ${state}`, [`dispatches?state=${state}&limit=50`]),
    ),
    ofEach('a dispatch to everybody', all, dispatch),
    ofEach('a dispatch to a tenth', tenth, dispatch),
    ofEach('a dispatch to a thousandth', thousandth, dispatch),
    ofEach('a dispatch to one person', one, dispatch),
    ofEach('its recipients that failed', all, (id) => [`dispatches/${id}/recipients?status=failed&limit=100`]),
    ofEach('its recipients of another channel', all, (id) => [`dispatches/${id}/recipients?channel=sms&limit=100`]),
    page('schedules', ['dispatches?state=scheduled&limit=100']),
    ...['7', '30', '90'].map((days) => page(`campaigns, ${days} days`, [campaignList(days), 'views?list=campaigns'])),
    page('campaigns, the last page', ['campaigns?sort_direction=desc&page=99&days=30&include_archived=false']),
    ofEach('a campaign', campaigns, campaign),
    page('audiences', ['audience']),
    ofEach('a segment', segments, (id) => ['audience', `segments/${id}`]),
    ofEach('a person', people, person),
    ofEach('why a person got a dispatch', why.people, (id) => [`people/${id}/why?dispatch_id=${why.dispatch}`]),
    page('outbox', ['outbox?limit=50', 'outbox?limit=20']),
    ofEach(
      'a message of the outbox',
      outbox.map(([id, who]) => `${id}/${who}`),
      (of) => [`outbox/${of}`],
    ),
    page('requests', ['requests?limit=50', 'views?list=requests']),
    page('requests with errors', ['requests?category=API+error&limit=50']),
    page('compose', ['compose']),
    page('templates', ['templates/email/list?limit=100&offset=0', 'content_blocks/list?limit=100&offset=0']),
    page('settings', ['settings', 'push/apps', 'subscription/accounts', 'email/relays']),
    page('settings: edit', ['definitions?what=quiet_hours', 'definitions?what=email']),
    page('settings: file', ['workspace-file/state']),
    page('settings: keys', ['keys']),
    page('settings: operators', ['operators', 'sessions']),
    page('settings: suppressions', suppressions()),
    page('settings: webhooks', ['settings', 'event_webhooks']),
    page('settings: audit', ['audit?limit=100']),
    page('reference', ['/openapi.json']),
  ];
}

/** Lists of the public API. */
export function listsOf({ all, campaigns, people }: Samples): Page[] {
  return [
    page('/campaigns/list', ['/campaigns/list?page=0']),
    page('/campaigns/list, page 99', ['/campaigns/list?page=99&sort_direction=desc']),
    page('/segments/list', ['/segments/list?page=0']),
    page('/dispatches', ['/dispatches?limit=100']),
    ofEach('/dispatches of a campaign', campaigns, (id) => [`/dispatches?campaign_id=${id}&limit=100`]),
    ofEach('/dispatches/{id} of a dispatch to everybody', all, (id) => [`/dispatches/${id}`]),
    ofEach('/dispatches/{id}/recipients of it', all, (id) => [`/dispatches/${id}/recipients?limit=100`]),
    ofEach('/users/messages', people, (id) => [`/users/messages?braze_id=${id}&limit=50`]),
    ofEach('/campaigns/data_series', campaigns, (id) => [`/campaigns/data_series?campaign_id=${id}&length=30`]),
    page('/status', ['/status']),
    page('/metrics', ['/metrics']),
  ];
}

function dispatch(id: string): string[] {
  const of = `dispatches/${id}`;
  return [of, `${of}/people`, `${of}/recipients?limit=100`, 'views?list=recipients'];
}

function campaignList(days: string): string {
  return `campaigns?sort_direction=desc&page=0&days=${days}&include_archived=false`;
}

function campaign(id: string): string[] {
  const asked = `campaign_id=${id}`;
  return [`campaigns/details?${asked}`, `campaigns/data_series?${asked}&length=30`, `dispatches?${asked}&limit=10`];
}

function person(id: string): string[] {
  return [`people/${id}`, `users/messages?braze_id=${id}&limit=50`, `users/consent?braze_id=${id}`];
}

function suppressions(): string[] {
  const day = (fromNow: number) => new Date(Date.now() + fromNow * 86_400_000).toISOString().slice(0, 10);
  const asked = `start_date=${day(-365)}&end_date=${day(1)}&limit=100&offset=0`;
  return ['email/hard_bounces', 'email/unsubscribes', 'sms/invalid_phone_numbers'].map((path) => `${path}?${asked}`);
}

function page(name: string, paths: readonly string[]): Page {
  return { name, variants: [paths.map((path) => ({ path }))] };
}

function ofEach(name: string, ids: readonly string[], pathsOf: (id: string) => string[]): Page {
  return { name, variants: ids.map((id) => pathsOf(id).map((path) => ({ path }))) };
}
