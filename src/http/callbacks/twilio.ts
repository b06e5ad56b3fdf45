import { readInbound, readStatus, type StatusNews } from '../../channels/sms/callbacks/messages.ts';
import { isSignedByTwilio } from '../../channels/sms/callbacks/signature.ts';
import { twiml } from '../../channels/sms/callbacks/twiml.ts';
import type { TwilioSettings } from '../../channels/sms/settings.ts';
import { RequestError } from '../../errors.ts';
import type { FeedbackEvent } from '../../feedback/event.ts';
import { readReference, type SendReference } from '../../feedback/reference.ts';
import { takeFeedback } from '../../feedback/take.ts';
import { idKey, type SubscriptionGroup, type WorkspaceCatalog } from '../../workspace/catalog.ts';
import type { Page, PageAnswer, PageRequest } from '../page.ts';
import type { Callback, CallbackDeps } from './callback.ts';
import { headerOf, Refusals } from './proof.ts';

const MOST_BODY_BYTES = 65_536;

/** Twilio texts a plain answer back to the person, so every answer is TwiML. */
const done: PageAnswer = { status: 200, type: 'text/xml', body: twiml(null) };

/** A subscription group with its account, from which a signed request came. */
interface Caller {
  workspace: WorkspaceCatalog;
  group: SubscriptionGroup;
  settings: TwilioSettings;
}

/**
 * What Twilio tells of texts, and what people text: both only with its signature. The URL is that of the subscription group
 * whose account sent the text or owns the number. Source: messaging-objects.md §7.6 and §7.8.
 */
export const twilioCallbacks: Callback = (deps) => {
  const refusals = new Refusals(deps);
  const page = (path: string, answer: (request: PageRequest, caller: Caller) => Promise<PageAnswer>): Page => ({
    method: 'POST',
    path: `/callbacks/sms/:group/${path}`,
    bodyLimitBytes: MOST_BODY_BYTES,
    async handle(request) {
      const found = callerOf(deps, request);
      if (found !== null && isSigned(deps, request, found)) return answer(request, found);
      const workspaceId = found?.workspace.id ?? null;
      refusals.note({ provider: 'twilio', workspaceId, reason: found === null ? 'no account' : 'wrong signature' });
      throw new RequestError('invalid_signature', ['X-Twilio-Signature does not fit an account of this group']);
    },
  });
  const takeStatus = (request: PageRequest, caller: Caller) => onStatus(deps, request, caller);
  return [
    page('status', takeStatus),
    page('status/:reference', takeStatus),
    page('inbound', (request, caller) => onInbound(deps, request, caller)),
  ];
};

/** null: there is no such group with an account at Twilio. */
function callerOf({ catalog }: CallbackDeps, { params }: PageRequest): Caller | null {
  const id = params.group ?? '';
  const workspace = catalog.workspaceOfGroup(id);
  const group = workspace?.subscriptionGroups.get(idKey(id));
  if (workspace === undefined || group?.provider?.kind !== 'twilio') return null;
  return { workspace, group, settings: group.provider.settings };
}

function isSigned({ publicUrl }: CallbackDeps, request: PageRequest, { group, settings }: Caller): boolean {
  // Twilio signed the URL that it was told, not the one that a proxy made of it.
  const base = (settings.callback_url ?? `${publicUrl}/callbacks/sms/${group.id}`).replace(/\/+$/, '');
  const rest = /^\/*callbacks\/+sms\/+[^/?]*(.*)$/s.exec(request.rawUrl)?.[1] ?? '';
  return isSignedByTwilio(
    {
      url: base + rest,
      signature: headerOf(request, 'x-twilio-signature') ?? undefined,
      contentType: headerOf(request, 'content-type') ?? undefined,
      body: request.rawBody,
    },
    settings.auth_token,
  );
}

function formOf({ rawBody }: PageRequest): URLSearchParams {
  return new URLSearchParams(rawBody.toString('utf8'));
}

async function onStatus(deps: CallbackDeps, request: PageRequest, { workspace, group }: Caller): Promise<PageAnswer> {
  const news = readStatus(formOf(request), { hasMedia: request.query.get('media') === '1' });
  if (news === null) return done;
  const found = readReference(deps.secret, request.params.reference ?? '');
  const send = found?.workspaceId === workspace.id && found.channel === 'sms' ? found : null;
  await takeFeedback(deps, workspace.id, eventsOf(news, { send, groupId: group.id, now: deps.clock.now() }));
  return done;
}

interface Told {
  send: SendReference | null;
  groupId: string;
  now: Date;
}

/** The same status of a message counts once, however often it is told. */
function eventsOf(news: StatusNews, { send, groupId, now }: Told): FeedbackEvent[] {
  const { kind, messageSid, status, to, errorCode } = news;
  const event: FeedbackEvent = {
    ...{ eventId: `${messageSid} ${status}`, kind: 'unknown', occurredAt: now, provider: 'twilio', channel: 'sms' },
    // Without a send of ours the id would be waited for, and no text is found by it.
    ...{ send, providerMessageId: send === null ? null : messageSid, address: to, code: errorCode, text: null },
    detail: { message_sid: messageSid, status },
  };
  if (kind === 'delivered' || kind === 'read') return [{ ...event, kind }];
  if (kind !== 'failed') return kind === 'step' ? [] : [event];
  const failed: FeedbackEvent = news.isDead
    ? { ...event, kind: 'bounced', permanent: true }
    : { ...event, kind: 'failed' };
  const optOut: FeedbackEvent = { ...event, eventId: `${messageSid} opted_out`, kind: 'opted_out' };
  return news.hasOptedOut ? [failed, { ...optOut, subscriptionGroupId: groupId }] : [failed];
}

async function onInbound(deps: CallbackDeps, request: PageRequest, caller: Caller): Promise<PageAnswer> {
  const inbound = readInbound(formOf(request), caller.settings.keywords);
  if (inbound === null) return done;
  const { messageSid, from, to, body, media, keyword, isAnswered } = inbound;
  const event: FeedbackEvent = {
    ...{ eventId: messageSid, kind: 'replied', occurredAt: deps.clock.now(), provider: 'twilio', channel: 'sms' },
    ...{ send: null, providerMessageId: null, address: from, code: null, text: body },
    detail: {
      ...{ to, media, keyword: keyword?.meaning ?? null, language: keyword?.language ?? null },
      subscription_group_id: caller.group.id,
    },
  };
  const consent = keyword?.meaning === 'opt_out' ? 'opted_out' : keyword?.meaning === 'opt_in' ? 'opted_in' : null;
  const groups = groupsOf(caller, inbound);
  const events =
    consent === null
      ? [keyword?.meaning === 'help' ? { ...event, subscriptionGroupId: askedGroup(caller, groups) } : event]
      : groups.map((id): FeedbackEvent => {
          return { ...event, eventId: `${messageSid} ${id}`, kind: consent, subscriptionGroupId: id };
        });
  await takeFeedback(deps, caller.workspace.id, events);
  return { ...done, body: twiml(isAnswered ? null : (keyword?.reply ?? null)) };
}

/** Which of the groups that share a sender was asked for help: that of the URL, if it is one of them. */
function askedGroup({ group }: Caller, groups: readonly string[]): string {
  return groups.includes(group.id) ? group.id : (groups[0] ?? group.id);
}

/**
 * The groups whose sender was written to: Twilio blocks a person for a sender, whichever groups use it. If none has it, the
 * sender belongs to the pool of the group whose URL was called.
 */
function groupsOf(
  { workspace, group, settings }: Caller,
  { to, messagingServiceSid }: { to: string; messagingServiceSid: string | null },
): string[] {
  const ofSender = [...workspace.subscriptionGroups.values()].filter(({ provider }) => {
    if (provider?.kind !== 'twilio' || provider.settings.account_sid !== settings.account_sid) return false;
    const { from, messaging_service_sid: service } = provider.settings;
    return service === undefined ? from === to : service === messagingServiceSid;
  });
  return ofSender.length === 0 ? [group.id] : ofSender.map(({ id }) => id);
}
