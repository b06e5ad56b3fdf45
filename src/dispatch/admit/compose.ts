import type { Recipient } from '../../people/profile/facts.ts';
import type { RenderContext } from '../../templating/facts.ts';
import { RenderStop } from '../../templating/render-stop.ts';
import { type LoadedDispatch, type PreparedMessage, publicId } from '../plan/loaded-dispatch.ts';
import type { Later, Refusal } from './decision.ts';

/** One person's message, or why there is none, or none yet. */
export type Composed = { kind: 'composed'; rendered: object } | Refusal | Later;

/** A person's links, which change their subscription when confirmed. */
export type LinkMaker = (dispatch: LoadedDispatch, recipient: Recipient) => NonNullable<RenderContext['links']>;

export interface ComposeInput {
  dispatch: LoadedDispatch;
  message: PreparedMessage;
  recipient: Recipient;
  now: Date;
  links: LinkMaker;
}

/**
 * Steps 10 and 11: one person's message. A promise only where a text waits for something, so that nothing is awaited for
 * the others. Pure but for `links`, which signs.
 */
export function compose(input: ComposeInput): Composed | Promise<Composed> {
  const links = input.message.hasLinks ? input.links(input.dispatch, input.recipient) : null;
  try {
    const texts = input.message.renderTexts(contextOf(input, links));
    if (!(texts instanceof Promise)) return composedFrom(input, texts, links);
    return texts.then((rendered) => composedFrom(input, rendered, links)).catch(stopped);
  } catch (error) {
    return stopped(error);
  }
}

function contextOf({ dispatch, message, recipient, now }: ComposeInput, links: RenderContext['links']): RenderContext {
  return {
    now,
    person: recipient.person,
    dispatchId: publicId(dispatch),
    campaign: dispatch.campaign,
    variation: message.variation,
    links,
  };
}

function composedFrom(
  { dispatch, message, recipient, now }: ComposeInput,
  texts: object,
  links: RenderContext['links'],
): Composed {
  const rendered = message.channel.render(texts, {
    now,
    timeZone: recipient.person.timeZone ?? dispatch.workspace.timeZone,
    dispatchId: publicId(dispatch),
    campaignId: dispatch.campaign?.id ?? null,
    unsubscribeUrl: message.hasUnsubscribeUrl ? (links?.unsubscribe ?? null) : null,
  });
  return { kind: 'composed', rendered };
}

/** Throws what is no reason against the message, but a fault of ours. */
function stopped(error: unknown): Refusal {
  if (!(error instanceof RenderStop)) throw error;
  const status = error.reason === 'expired' ? 'expired' : 'aborted';
  return { kind: 'refuse', status, reason: error.reason, detail: error.detail };
}
