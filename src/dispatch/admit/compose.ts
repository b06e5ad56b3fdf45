import type { Recipient } from '../../people/profile/facts.ts';
import type { RenderContext } from '../../templating/facts.ts';
import { RenderStop } from '../../templating/render-stop.ts';
import type { Verdict } from '../ledger/send.ts';
import { type LoadedDispatch, type PreparedMessage, publicId } from '../plan/loaded-dispatch.ts';

/** A person's links, which change their subscription when confirmed. */
export type LinkMaker = (dispatch: LoadedDispatch, recipient: Recipient) => NonNullable<RenderContext['links']>;

/** Steps 10 and 11: one person's message, or why there is none. Pure but for `links`, which signs. */
export function compose({
  dispatch,
  message,
  recipient,
  now,
  links,
}: ComposeInput): { rendered: object } | { verdict: Verdict } {
  const personal = message.hasLinks ? links(dispatch, recipient) : null;
  try {
    const texts = message.renderTexts({
      now,
      person: recipient.person,
      dispatchId: publicId(dispatch),
      campaign: dispatch.campaign,
      variation: message.variation,
      links: personal,
    });
    const facts = {
      now,
      timeZone: recipient.person.timeZone ?? dispatch.workspace.timeZone,
      dispatchId: publicId(dispatch),
      campaignId: dispatch.campaign?.id ?? null,
      unsubscribeUrl: message.hasUnsubscribeUrl ? (personal?.unsubscribe ?? null) : null,
    };
    return { rendered: message.channel.render(texts, facts) };
  } catch (error) {
    if (!(error instanceof RenderStop)) throw error;
    return { verdict: { status: statusOf(error), reason: error.reason, detail: error.detail } };
  }
}

export interface ComposeInput {
  dispatch: LoadedDispatch;
  message: PreparedMessage;
  recipient: Recipient;
  now: Date;
  links: LinkMaker;
}

function statusOf({ reason }: RenderStop): Verdict['status'] {
  return reason === 'expired' ? 'expired' : 'aborted';
}
