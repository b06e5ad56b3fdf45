import { hash, type KeyObject } from 'node:crypto';
import type { Database } from '../../db/database.ts';
import { type LinkOrder, readLink } from '../../dispatch/admit/links.ts';
import type { Clock } from '../../lib/clock.ts';
import { setEmailState } from '../../people/consent/email-state.ts';
import type { ConsentSource } from '../../people/consent/record/source.ts';
import type { GlobalState } from '../../templating/facts.ts';
import type { Page, PageAnswer, PageRequest } from '../page.ts';

const path = '/s/:token';

const asks: Record<GlobalState, { question: string; button: string; done: string }> = {
  unsubscribed: {
    question: 'Do you want to stop receiving these emails?',
    button: 'Unsubscribe',
    done: 'You have been unsubscribed. No more emails will be sent to this address.',
  },
  subscribed: {
    question: 'Do you want to receive these emails?',
    button: 'Subscribe',
    done: 'You are subscribed.',
  },
  opted_in: {
    question: 'Do you want to receive these emails?',
    button: 'Yes, send them',
    done: 'Thank you, you have opted in.',
  },
};

/**
 * The pages behind the links in mails. Opening a page changes nothing, because mail scanners open links; its button does.
 * The one-click unsubscribe of mail programs sends the same POST (RFC 8058).
 */
export function subscriptionPages({ db, clock, secret }: { db: Database; clock: Clock; secret: KeyObject }): Page[] {
  const withOrder =
    (answer: (order: LinkOrder, request: PageRequest) => Promise<PageAnswer>) => async (request: PageRequest) => {
      const order = readLink(request.params.token ?? '', secret, clock.now());
      if (order === 'forged') return page(404, '<p>This link is not valid.</p>');
      if (order === 'expired') return page(410, '<p>This link has expired. A newer email has a new one.</p>');
      return answer(order, request);
    };
  const ask = withOrder(async ({ state }) => {
    const { question, button } = asks[state];
    return page(200, `<p>${question}</p><form method="post"><button>${button}</button></form>`);
  });
  return [
    { method: 'HEAD', path, headers, handle: ask },
    { method: 'GET', path, headers, handle: ask },
    {
      method: 'POST',
      path,
      headers,
      handle: withOrder(async ({ workspaceId, bucket, userId, state }, request) => {
        const change = { workspaceId, state, source: sourceOf(request), now: clock.now() };
        await setEmailState(db, { ...change, person: { bucket, userId } });
        return page(200, `<p>${asks[state].done}</p>`);
      }),
    },
  ];
}

/** A mail program's one click comes from its maker's server, so its address says nothing of the person. */
function sourceOf({ rawBody, address }: PageRequest): ConsentSource {
  const isOneClick = /list-unsubscribe[\s\S]{0,99}one-click/i.test(rawBody.toString('latin1'));
  return isOneClick ? { door: 'one_click' } : { door: 'link', ip: address };
}

const style = `
  body { font: 1.125rem/1.5 system-ui, sans-serif; max-width: 32rem; margin: 20vh auto 0; padding: 0 1.5rem; color: #1c1c1e; text-align: center }
  button { font: inherit; padding: .6rem 1.5rem; border: 0; border-radius: .5rem; background: #1c1c1e; color: #fff; cursor: pointer }
  @media (prefers-color-scheme: dark) { body { background: #1c1c1e; color: #f2f2f7 } button { background: #f2f2f7; color: #1c1c1e } }
`;

/** The page's URL is a person's own link, so nothing may frame the page, store it, or learn its URL. */
const headers = {
  'content-security-policy': `default-src 'none'; style-src 'sha256-${hash('sha256', style, 'base64')}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

function page(status: number, content: string): PageAnswer {
  const body = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Email preferences</title>
<style>${style}</style>
<main>${content}</main>
</html>
`;
  return { status, type: 'text/html; charset=utf-8', body };
}
