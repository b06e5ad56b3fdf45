import { numberForms } from '../../channels/whats-app/callbacks/numbers.ts';
import { readCallback, type Said } from '../../channels/whats-app/callbacks/read.ts';
import { isSignedByMeta } from '../../channels/whats-app/callbacks/signature.ts';
import { outsideWindow } from '../../channels/whats-app/providers/meta-errors.ts';
import type { WhatsAppCloudSettings } from '../../channels/whats-app/settings.ts';
import { RequestError } from '../../errors.ts';
import { readReference } from '../../feedback/reference.ts';
import { takeFeedback } from '../../feedback/take.ts';
import { isObject } from '../../lib/raw/json.ts';
import { heldAmong } from '../../people/consent/deleted-addresses.ts';
import { closeWindows, openWindows, type Wrote } from '../../people/whats-app/windows.ts';
import { idKey, type SubscriptionGroup, type WorkspaceCatalog } from '../../workspace/catalog.ts';
import type { Page, PageAnswer, PageRequest } from '../page.ts';
import { jsonOf } from './bodies.ts';
import type { Callback, CallbackDeps } from './callback.ts';
import { headerOf, isSame, Refusals } from './proof.ts';
import { eventsOf, type Known, notWritten } from './whats-app-events.ts';

/** Meta sends up to 3 MB. */
const MOST_BODY_BYTES = 3_145_728;
const LONGEST_CHALLENGE = 256;
const path = '/callbacks/whats_app/:group';

/** A group with a number at Meta, in whose name a callback comes. */
interface Caller {
  workspace: WorkspaceCatalog;
  group: SubscriptionGroup;
  settings: WhatsAppCloudSettings;
}

/**
 * What Meta tells of WhatsApp messages, and what people write: only with its signature. The URL names one subscription group
 * of the app. Callbacks of all numbers of that app may come there. Source: messaging-objects.md §8.4.
 */
export const whatsAppCallbacks: Callback = (deps) => {
  const refusals = new Refusals(deps);
  const refuse = (caller: Caller | null, reason: string, problem: string): never => {
    refusals.note({ provider: 'whatsapp_cloud', workspaceId: caller?.workspace.id ?? null, reason });
    throw new RequestError('invalid_signature', [problem]);
  };
  return [handshake(deps, refuse), callback(deps, refuse)];
};

type Refuse = (caller: Caller | null, reason: string, problem: string) => never;

/** Meta asks once, when somebody enters the URL, whether it is ours. */
function handshake(deps: CallbackDeps, refuse: Refuse): Page {
  return {
    method: 'GET',
    path,
    async handle({ params, query }) {
      const caller = callerOf(deps, params.group);
      const isOurs = isSame(query.get('hub.verify_token'), caller?.settings.verify_token);
      if (query.get('hub.mode') !== 'subscribe' || !isOurs)
        return refuse(caller, 'wrong verify token', "hub.verify_token is not the group's verify_token");
      return plain((query.get('hub.challenge') ?? '').slice(0, LONGEST_CHALLENGE));
    },
  };
}

function callback(deps: CallbackDeps, refuse: Refuse): Page {
  return {
    method: 'POST',
    path,
    bodyLimitBytes: MOST_BODY_BYTES,
    async handle(request) {
      const caller = callerOf(deps, request.params.group);
      if (caller === null || !isSigned(request, caller))
        return refuse(caller, caller === null ? 'no account' : 'wrong signature', NOT_SIGNED);
      const body = jsonOf(request.rawBody);
      if (!isObject(body)) throw new RequestError('bad_request', ['body: expected a JSON object']);
      await take(deps, caller, readCallback(body));
      return plain('');
    },
  };
}

const NOT_SIGNED = "X-Hub-Signature-256 does not fit the group's app_secret";

/** null: there is no such group with a number at Meta. */
function callerOf({ catalog }: CallbackDeps, id = ''): Caller | null {
  const workspace = catalog.workspaceOfGroup(id);
  const group = workspace?.subscriptionGroups.get(idKey(id));
  if (workspace === undefined || group?.provider?.kind !== 'whatsapp_cloud') return null;
  return { workspace, group, settings: group.provider.settings };
}

function isSigned(request: PageRequest, { settings: { app_secret: secret } }: Caller): boolean {
  const header = headerOf(request, 'x-hub-signature-256') ?? undefined;
  return secret !== undefined && isSignedByMeta(request.rawBody, header, secret);
}

/** Opens windows before anything else, so that an answer to what somebody wrote may go out at once. Twice is as once. */
async function take(deps: CallbackDeps, caller: Caller, said: readonly Said[]): Promise<void> {
  const { db, clock, secret } = deps;
  const { workspace } = caller;
  const now = clock.now();
  const groups = groupsByNumber(caller);
  const ofOurs = said.filter(({ numberId }) => numberId !== null && groups.has(numberId));
  await openWindows(db, workspace.id, ofOurs.flatMap(wroteIn), now);
  await closeWindows(
    db,
    workspace.id,
    ofOurs.flatMap((one) => closedIn(one, now)),
  );
  const phones = await storedPhones(deps, workspace.id, said);
  const known: Known = {
    now,
    sendOf(reference) {
      const send = reference === null ? null : readReference(secret, reference);
      return send?.workspaceId === workspace.id && send.channel === 'whats_app' ? send : null;
    },
    phoneOf: (digits) => (digits === null ? null : (phones.get(digits) ?? null)),
    groupsOf: (numberId) => groups.get(numberId ?? '') ?? [],
  };
  await takeFeedback(
    deps,
    workspace.id,
    said.flatMap((one) => eventsOf(one, known)),
  );
}

/** The ids of the groups by their number. Only those of the app that signed. */
function groupsByNumber({ workspace, settings }: Caller): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const { id, provider } of workspace.subscriptionGroups.values()) {
    if (provider?.kind !== 'whatsapp_cloud' || provider.settings.app_secret !== settings.app_secret) continue;
    const { phone_number_id: numberId } = provider.settings;
    groups.set(numberId, [...(groups.get(numberId) ?? []), id]);
  }
  return groups;
}

function wroteIn(said: Said): Wrote[] {
  if (said.kind !== 'message' || said.from === null || said.at === null || notWritten.has(said.type)) return [];
  return windowsOf(said.from, said.numberId, said.at);
}

function closedIn(said: Said, now: Date): Wrote[] {
  const isClosed = said.kind === 'status' && said.code !== null && outsideWindow.has(said.code);
  return isClosed && said.recipient !== null ? windowsOf(said.recipient, said.numberId, said.at ?? now) : [];
}

function windowsOf(digits: string, numberId: string | null, at: Date): Wrote[] {
  return numberId === null ? [] : numberForms(digits).map((phone) => ({ phone, numberId, at }));
}

/**
 * By digits in Meta's form: the number as somebody has it, or else in its usual form. A status with a reference needs none,
 * and nearly all have one.
 */
async function storedPhones(
  { db }: CallbackDeps,
  workspaceId: number,
  said: readonly Said[],
): Promise<Map<string, string>> {
  const all = said.flatMap((one) => {
    if (one.kind === 'other') return [];
    if (one.kind === 'status') return (one.reference === null ? one.recipient : null) ?? [];
    return one.from ?? [];
  });
  const forms = new Map([...new Set(all)].map((digits) => [digits, numberForms(digits)]));
  const addresses = [...forms.values()].flat().map((address) => ({ kind: 'phone' as const, address }));
  const held = await heldAmong(db, workspaceId, addresses);
  return new Map(
    [...forms].flatMap(([digits, some]) => {
      const phone = some.find((form) => held.has(form)) ?? some[0];
      return phone === undefined ? [] : [[digits, phone] as const];
    }),
  );
}

function plain(body: string): PageAnswer {
  const headers = { 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' };
  return { status: 200, type: 'text/plain; charset=utf-8', body, headers };
}
