import type { MessageContent } from '../../connected-content/message-content.ts';
import type { MessageItems } from '../../item-catalogs/message-items.ts';
import type { RawObject } from '../../lib/raw/json.ts';
import type { PushTarget, Recipient } from '../../people/profile/facts.ts';
import { MessageExtras } from '../../templating/extras.ts';
import type { RenderContext } from '../../templating/facts.ts';
import { RenderStop } from '../../templating/render-stop.ts';
import { type LoadedDispatch, type PreparedMessage, publicId } from '../plan/loaded-dispatch.ts';
import { triggerFactsOf } from '../plan/send-plan.ts';
import type { Composed } from './composed.ts';
import type { Refusal } from './decision.ts';
import { composePerDevice } from './rounds/per-device.ts';
import { noTrackers, type TrackerMaker } from './trackers.ts';

/** Makes a person's links, which change their subscription state when confirmed. */
export type LinkMaker = (dispatch: LoadedDispatch, recipient: Recipient) => NonNullable<RenderContext['links']>;

export interface ComposeInput {
  dispatch: LoadedDispatch;
  message: PreparedMessage;
  recipient: Recipient;
  /** The person's position in the plan's names, if their trigger brought properties of their own. null: it did not. */
  position?: number | null;
  /** The own properties of a person of a list. null: none. */
  listed?: RawObject | null;
  /** The devices that a push goes to. Absent: none. */
  devices?: readonly PushTarget[];
  now: Date;
  links: LinkMaker;
  /** Absent: nothing is followed. */
  trackers?: TrackerMaker;
  /** The items of catalogs for its templates. undefined: they read none. */
  items?: MessageItems | undefined;
  /** The answers to the calls of its templates. undefined: they make none. */
  content?: MessageContent | undefined;
}

/**
 * Steps 10 and 11: composes one person's message. Returns a promise only if a text waits for something, so that the
 * others need no await. Pure except for `links` and `trackers`, which sign.
 */
export function compose(input: ComposeInput): Composed | Promise<Composed> {
  const { message, devices = [], items, content } = input;
  const extras = new MessageExtras();
  if (devices.length === 0 || !message.reads.has('targetedDevice')) return composeFor(input, null, extras);
  const isMissing = () => content?.isMissing === true || items?.mustRenderAgain === true;
  return composePerDevice(devices, (device) => composeFor(input, device, extras), isMissing);
}

function composeFor(
  input: ComposeInput,
  device: RenderContext['device'],
  extras: MessageExtras,
): Composed | Promise<Composed> {
  const links = input.message.hasLinks ? input.links(input.dispatch, input.recipient) : null;
  try {
    const context = contextOf(input, links);
    context.extras = extras;
    context.device = device ?? null;
    const texts = input.message.renderTexts(context);
    if (!(texts instanceof Promise)) return composedFrom(input, texts, { links, extras });
    return texts.then((rendered) => composedFrom(input, rendered, { links, extras })).catch(stopped);
  } catch (error) {
    return stopped(error);
  }
}

/** All that the templates of one person's message may know. */
export function contextOf(
  { dispatch, message, recipient, position = null, listed = null, now, items, content }: Omit<ComposeInput, 'links'>,
  links: RenderContext['links'],
): RenderContext {
  return {
    now,
    person: recipient.person,
    dispatchId: publicId(dispatch),
    campaign: dispatch.campaign,
    variation: message.variation,
    card: message.channel.isCard ? { id: message.variation?.id ?? null, name: dispatch.campaign?.name ?? null } : null,
    trigger: triggerFactsOf(dispatch.plan, position, listed),
    links,
    ...(dispatch.workspace.settings.escapesHtml && { escapesHtml: true }),
    ...(items !== undefined && { catalogs: items }),
    ...(content !== undefined && { content }),
  };
}

function composedFrom(
  { dispatch, message, recipient, now, trackers }: ComposeInput,
  texts: object,
  { links, extras: { pairs } }: { links: RenderContext['links']; extras: MessageExtras },
): Composed {
  const { tracker, shortener, shortLinks } = (trackers ?? noTrackers)(dispatch, message, recipient);
  const rendered = message.channel.render(texts, {
    now,
    timeZone: recipient.person.timeZone ?? dispatch.workspace.timeZone,
    dispatchId: publicId(dispatch),
    campaignId: dispatch.campaign?.id ?? null,
    unsubscribeUrl: message.hasUnsubscribeUrl ? (links?.unsubscribe ?? null) : null,
    settings: dispatch.workspace.settings,
    ...(tracker !== undefined && { tracker }),
    ...(shortener !== undefined && { shortener }),
    provider: dispatch.workspace.subscriptionGroups.get(message.gate.subscriptionGroupId ?? '')?.provider ?? null,
  });
  return {
    kind: 'composed',
    rendered,
    ...(shortLinks.length > 0 && { shortLinks }),
    ...(pairs !== null && { extras: pairs }),
  };
}

/** The refusal of a message whose rendering stopped. Throws any other error, which is ours. */
function stopped(error: unknown): Refusal {
  if (!(error instanceof RenderStop)) throw error;
  const status = error.reason === 'expired' ? 'expired' : 'aborted';
  return { kind: 'refuse', status, reason: error.reason, detail: error.detail };
}
