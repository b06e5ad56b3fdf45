import type { KeyObject } from 'node:crypto';
import type { Database } from '../../db/database.ts';
import { retry } from '../../db/retry.ts';
import { type CenterLink, readCenterLink } from '../../dispatch/admit/center-links.ts';
import type { Clock } from '../../lib/clock.ts';
import { setEmailState } from '../../people/consent/email-state.ts';
import { type GroupOrder, setGroupStates } from '../../people/consent/group-states.ts';
import type { ConsentSource } from '../../people/consent/record/source.ts';
import { loadRecipients, type Recipient } from '../../people/profile/facts.ts';
import { globalStates } from '../../templating/facts.ts';
import { RenderStop } from '../../templating/render-stop.ts';
import { compileTemplate } from '../../templating/template.ts';
import { type Catalog, idKey, type WorkspaceCatalog } from '../../workspace/catalog.ts';
import { findCenter, type PreferenceCenter } from '../../workspace/preference-centers.ts';
import type { Page, PageAnswer, PageRequest } from '../page.ts';
import { escapedPerson, GLOBAL_FIELD, GROUP_FIELD, pageAround, templateOf } from './preference-center-html.ts';

export interface PreferenceCenterPageDeps {
  db: Database;
  clock: Clock;
  secret: KeyObject;
  catalog: Catalog;
}

const path = '/p/:token';
const FORM_BYTES = 65_536;

/** The HTML is the operator's, but runs no script. The URL is a person's own: nothing may frame, store or learn it. */
const headers = {
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline' https:; img-src https: data:; font-src https:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  'x-robots-tag': 'noindex',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

/** What a link opens. */
interface Visit {
  workspace: WorkspaceCatalog;
  center: PreferenceCenter;
  link: CenterLink;
  recipient: Recipient;
}

/** The pages of preference centers. Opening one changes nothing; its form does. Source: more-endpoints.md §8. */
export function preferenceCenterPages(deps: PreferenceCenterPageDeps): Page[] {
  const { clock, secret } = deps;
  const visiting =
    (answer: (visit: Visit, request: PageRequest) => Promise<PageAnswer>) =>
    async (request: PageRequest): Promise<PageAnswer> => {
      const link = readCenterLink(request.params.token ?? '', secret, clock.now());
      if (link === 'forged') return said(404, 'This link is not valid.');
      if (link === 'expired') return said(410, 'This link has expired. A newer message has a new one.');
      const visit = await visitOf(deps, link);
      return visit === null ? said(404, 'This page is no longer there.') : answer(visit, request);
    };
  const show = visiting(async (visit) => rendered(visit, visit.center.pageHtml, clock.now()));
  const change = visiting(async (visit, request) => {
    await apply(deps, visit, request);
    const after = (await visitOf(deps, visit.link)) ?? visit;
    return rendered(after, visit.center.confirmationHtml, clock.now());
  });
  return [
    { method: 'GET', path, headers, handle: show },
    { method: 'HEAD', path, headers, handle: show },
    { method: 'POST', path, headers, bodyLimitBytes: FORM_BYTES, handle: change },
  ];
}

/** null: the workspace, the center or the person is gone, or the center is a draft. */
async function visitOf({ db, catalog }: PreferenceCenterPageDeps, link: CenterLink): Promise<Visit | null> {
  const { workspaceId, bucket, userId } = link;
  const workspace = catalog.workspace(workspaceId);
  if (workspace === undefined) return null;
  const [center, people] = await Promise.all([
    findCenter(db, workspaceId, link.centerId),
    loadRecipients(db.byKey, { workspaceId, people: [{ bucket, userId }], hidden: workspace.blockedAttributes }),
  ]);
  const recipient = people.get(userId);
  return center === null || center.state === 'draft' || recipient === undefined
    ? null
    : { workspace, center, link, recipient };
}

function rendered({ center, recipient }: Visit, html: string, now: Date): PageAnswer {
  const nothing = { dispatchId: '', campaign: null, variation: null, links: null };
  try {
    const content = compileTemplate(templateOf(html)).render({
      ...nothing,
      now,
      person: escapedPerson(recipient.person),
    });
    return { status: 200, type: 'text/html; charset=utf-8', body: pageAround(content, center) };
  } catch (error) {
    if (error instanceof RenderStop) return said(404, 'This page cannot be shown.');
    throw error;
  }
}

function said(status: number, sentence: string): PageAnswer {
  const page = pageAround(`<p>${sentence}</p>`, { title: 'Preference Center', options: {} });
  return { status, type: 'text/html; charset=utf-8', body: page };
}

/** Applies what the form says. What it does not say stays; unknown groups and states are passed over. */
async function apply({ db, clock }: PreferenceCenterPageDeps, visit: Visit, request: PageRequest): Promise<void> {
  const { workspace, link, recipient } = visit;
  const form = new URLSearchParams(request.rawBody.toString('utf8'));
  const source: ConsentSource = { door: 'link', ip: request.address };
  const { id: workspaceId } = workspace;
  const now = clock.now();
  const asked = lastOf(form, GLOBAL_FIELD);
  const state = globalStates.find((one) => one === (asked === 'on' ? 'opted_in' : asked));
  if (state !== undefined)
    await setEmailState(db, { workspaceId, state, source, now, person: { bucket: link.bucket, userId: link.userId } });
  const orders = groupOrders(form, { workspace, recipient, source });
  if (orders.length > 0)
    await retry('people', () => db.transaction((tx) => setGroupStates(tx, { workspaceId, orders, now })));
}

/** A hidden input before a checkbox says what an empty box means, so the last value counts. */
function lastOf(form: URLSearchParams, name: string): string | undefined {
  return form.getAll(name).at(-1);
}

function groupOrders(
  form: URLSearchParams,
  { workspace, recipient, source }: Pick<Visit, 'workspace' | 'recipient'> & { source: ConsentSource },
): GroupOrder[] {
  const { externalId, email, phone } = recipient.person;
  const names = new Set([...form.keys()].filter((name) => name.startsWith(GROUP_FIELD)));
  return [...names].flatMap((name): GroupOrder[] => {
    const group = workspace.subscriptionGroups.get(idKey(name.slice(GROUP_FIELD.length)));
    const value = lastOf(form, name);
    const state = value === 'subscribed' || value === 'on' ? 'subscribed' : value === 'unsubscribed' ? value : null;
    if (group === undefined || group.archived || state === null) return [];
    const kind = group.channel === 'email' ? 'email' : 'phone';
    const address = kind === 'email' ? email?.toLowerCase() : phone;
    return [
      {
        ...{ groupId: group.id, kind, state, source, asksToConfirm: false },
        externalIds: externalId === null ? [] : [{ label: '', name: externalId }],
        addresses: externalId === null && address ? [address] : [],
      },
    ];
  });
}
