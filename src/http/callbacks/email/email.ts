import type { EmailEventSettings, EmailEventSource } from '../../../channels/email/event-settings.ts';
import { getPublicText } from '../../../feedback/email/get-text.ts';
import { MOST_READ_BYTES } from '../../../feedback/email/listener.ts';
import type { EventRequest, ReadEvents } from '../../../feedback/email/mail-event.ts';
import { objectIn } from '../../../feedback/email/mail-event.ts';
import { readMailgun } from '../../../feedback/email/mailgun.ts';
import { readPostmark } from '../../../feedback/email/postmark.ts';
import { readResend } from '../../../feedback/email/resend.ts';
import { readSendGrid } from '../../../feedback/email/sendgrid.ts';
import { readSes } from '../../../feedback/email/ses.ts';
import { contentOf, SnsVerifier } from '../../../feedback/email/sns.ts';
import { takeMail } from '../../../feedback/email/take-mail.ts';
import { takeFeedback } from '../../../feedback/take.ts';
import type { Page, PageAnswer, PageRequest } from '../../page.ts';
import { jsonOf } from '../bodies.ts';
import type { CallbackDeps } from '../callback.ts';
import { headerOf, isSame, Refusals } from '../proof.ts';

/** How one service's webhooks are read. May call out to it. */
type Reader<S extends EmailEventSource> = (
  request: EventRequest,
  settings: NonNullable<EmailEventSettings[S]>,
) => ReadEvents | Promise<ReadEvents>;

/** Largest body of a webhook, in bytes. SendGrid sends many events at once. */
const MOST_EVENT_BYTES = 2_097_152;
const MOST_MAIL_BYTES = 4_194_304;
const MOST_RECIPIENTS = 10;

/** The status of a refusal: 406 tells Mailgun not to try again. */
const refusedWith: Partial<Record<EmailEventSource, number>> = { mailgun: 406, postmark: 401 };

/** The webhooks of mail services, and bounce mails that come over HTTP. */
export function emailCallbacks(deps: CallbackDeps): Page[] {
  const refusals = new Refusals(deps);
  const sns = new SnsVerifier(deps.getText ?? getPublicText);
  const readers: { readonly [S in EmailEventSource]: Reader<S> } = {
    sendgrid: (request, settings) => readSendGrid(request, settings, jsonOf),
    mailgun: (request, settings) => readMailgun(request, settings, jsonOf),
    resend: (request, settings) => readResend(request, settings, jsonOf),
    postmark: (request, { username, password }) =>
      isSame(headerOf(request, 'authorization'), basic(username, password))
        ? readPostmark(request, jsonOf)
        : { refused: 'the user or password is wrong' },
    ses: async (request, { topics }) => {
      const found = await sns.read(objectIn(jsonOf(request.rawBody)), topics, request.now);
      if ('refused' in found || found.kind === 'unsubscribed') return 'refused' in found ? found : { events: [] };
      if (found.kind === 'notification') return { events: readSes(contentOf(found), found.id, request.secret) };
      await (deps.getText ?? getPublicText)(found.url);
      deps.log.info({ provider: 'ses' }, 'confirmed the subscription of an SNS topic');
      return { events: [] };
    },
  };

  function pageOf<S extends EmailEventSource>(source: S): Page {
    const note = (workspaceId: number | null, reason: string) =>
      refusals.note({ provider: source, workspaceId, reason });
    return {
      method: 'POST',
      path: `/callbacks/email/${source}/:workspace_id`,
      bodyLimitBytes: MOST_EVENT_BYTES,
      async handle(request) {
        const workspaceId = idOf(request);
        const settings = deps.catalog.workspace(workspaceId)?.settings.email.events[source];
        if (settings === undefined) {
          note(null, `there is no email.events.${source} in the workspace file`);
          return answer(404, 'not set up');
        }
        const { headers, rawBody } = request;
        const event: EventRequest = { headers, rawBody, now: deps.clock.now(), secret: deps.secret };
        const read = await readers[source](event, settings);
        if ('refused' in read) {
          note(workspaceId, read.refused);
          return answer(refusedWith[source] ?? 403, 'refused');
        }
        await takeFeedback(deps, workspaceId, read.events);
        return answer(200, 'ok');
      },
    };
  }

  return [...(Object.keys(readers) as EmailEventSource[]).map((source) => pageOf(source)), mimePage(deps, refusals)];
}

/** A whole bounce mail or complaint. Its signed reference is the proof. */
function mimePage(deps: CallbackDeps, refusals: Refusals): Page {
  return {
    method: 'POST',
    path: '/callbacks/email/mime',
    bodyLimitBytes: MOST_MAIL_BYTES,
    async handle({ query, rawBody }) {
      const recipients = query.getAll('recipient').slice(0, MOST_RECIPIENTS);
      const ignored = await takeMail(deps, recipients, rawBody.subarray(0, MOST_READ_BYTES));
      if (ignored !== null) refusals.note({ provider: 'mime', workspaceId: null, reason: ignored });
      return answer(200, ignored === null ? 'taken' : `without effect: ${ignored}`);
    },
  };
}

function idOf({ params }: PageRequest): number {
  const id = params.workspace_id ?? '';
  return /^\d{1,9}$/.test(id) ? Number(id) : 0;
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function answer(status: number, body: string): PageAnswer {
  return { status, type: 'text/plain; charset=utf-8', body: `${body}\n` };
}
