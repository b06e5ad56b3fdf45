import * as z from 'zod';
import { CressetError, NoAnswerError } from '../../client/client.ts';
import { isObject } from '../../lib/raw/json.ts';
import { refusalText, ToolError } from '../refusal.ts';
import { differenceOf, type Reach, reachOf, reachText } from '../sending/reach.ts';
import { type Outcome, type Rehearsal, type Rehearsals, sendOperations } from '../sending/rehearsals.ts';
import { type Call, defineTool, reading, type Tool } from '../tool.ts';
import { list, record } from './arguments.ts';
import { refuseCallsOut } from './previews.ts';

const endpoints = sendOperations.map((name) => name.slice('POST '.length)) as [string, ...string[]];

/** The two steps of a send: what would happen, and the send itself. */
export function sendTools(rehearsals: Rehearsals): Tool[] {
  return [dryRunSend(rehearsals), confirmSend(rehearsals)];
}

const dryRunSend = (rehearsals: Rehearsals) =>
  defineTool({
    name: 'dry_run_send',
    title: 'Try a send',
    description:
      'Says who would get what, or why not, if this request were sent, with up to ten rendered messages. Sends and stores nothing. Its token lets confirm_send send exactly this body, once, within ten minutes. Show the person how many people it reaches and a sample before you confirm. Permission: messages.send, campaigns.trigger.send or canvas.trigger.send.',
    input: z.strictObject({
      endpoint: z.enum(endpoints).describe('What is called.'),
      body: z
        .record(z.string(), z.unknown())
        .describe(
          'The body of the endpoint. /messages/send: {"external_user_ids": ["ada"], "messages": {"email": {…}}}, or segment_id or audience with "broadcast": true. /campaigns/trigger/send: {"campaign_id": …, "recipients": [{"external_user_id": "ada", "trigger_properties": {…}}]}.',
        ),
    }),
    output: {
      token: z.string().describe('For confirm_send. Absent: nothing can be sent.'),
      expires_at: z.string().describe('Until when the token is valid.'),
      summary: z.string().describe('Whom the send would reach.'),
      counts: record('People.'),
      channels: record('By channel: would_be_sent, and one number for each reason.'),
      recipients: list('Verdicts.'),
      samples: list('Messages as they would be sent.'),
    },
    annotations: { ...reading, idempotentHint: false, openWorldHint: true },
    more: 'The counts are whole. preview_message shows single messages.',
    async run({ endpoint, body }, call) {
      const operation = sendOperations[endpoints.indexOf(endpoint)] ?? sendOperations[0];
      checkBody(body);
      const isBroadcast = body.broadcast === true || body.broadcast === 'true';
      const send = { operation, body: JSON.stringify(body), isBroadcast };
      const answer = await rehearse(send, call);
      const reach = reachOf(answer, isBroadcast);
      if (reach === null) return { ...answer, summary: 'Nothing would be sent, so there is no token.' };
      const { token, expiresAt } = rehearsals.keep({ ...send, reach });
      return { token, expires_at: expiresAt.toISOString(), summary: reachText(reach), ...answer };
    },
  });

const confirmSend = (rehearsals: Rehearsals) =>
  defineTool({
    name: 'confirm_send',
    title: 'Send what was tried',
    description:
      'Sends messages to people: exactly the body that dry_run_send tried, once, by its token. Call it only after the person has seen the dry run and told you to send. It tries the send again first, and refuses with the numbers if it would reach other than 2 % more or fewer people or messages. A repeated call never sends twice.',
    input: z.strictObject({ token: z.string().describe('The token of dry_run_send.') }),
    output: {
      dispatch_id: z.string().describe('Id of the dispatch; get_dispatch says how it goes.'),
      already_confirmed: z.boolean().describe('Whether this token was confirmed before, and nothing was sent now.'),
      reached: record('Whom the send reaches, as of now.'),
    },
    annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true },
    async run({ token }, call) {
      const { outcome, isRepeated } = await rehearsals.confirm(token, async (rehearsal) => {
        const reached = rehearsal.isUnclear ? rehearsal.reach : await reachNow(rehearsal, call);
        const difference = differenceOf(rehearsal.reach, reached);
        if (difference === null) return { ...(await send(rehearsal, call)), reached };
        rehearsals.drop(token);
        throw new ToolError(
          `Nothing was sent, because the send has changed since its dry run: ${difference}. The token is used up. Call dry_run_send again and show the person the new numbers.`,
        );
      });
      return { ...outcome, already_confirmed: isRepeated };
    },
  });

function checkBody(body: Readonly<Record<string, unknown>>): void {
  const { cresset = {} } = body;
  if (!isObject(cresset)) throw new ToolError('body.cresset: expected an object');
  if ('dry_run' in cresset)
    throw new ToolError('body.cresset.dry_run: leave it out; this tool makes a dry run, and confirm_send the send');
  refuseCallsOut(body);
}

/** Tries a send. The body's text becomes that of a dry run. */
function rehearse({ operation, body }: Pick<Rehearsal, 'operation' | 'body'>, { api, signal }: Call): Promise<Outcome> {
  const given = JSON.parse(body);
  const dryRun = { ...given, cresset: { ...given.cresset, dry_run: true } };
  return api.call(operation, { body: dryRun }, { signal });
}

async function reachNow(rehearsal: Rehearsal, call: Call): Promise<Reach> {
  const reach = reachOf(await rehearse(rehearsal, call), rehearsal.isBroadcast);
  return reach ?? { people: 0, messages: 0 };
}

/** It goes on when the client no longer waits: a send that is broken off is one of which nobody knows. */
async function send(rehearsal: Rehearsal, { api }: Call): Promise<Outcome> {
  const { operation, body, idempotencyKey } = rehearsal;
  try {
    return await api.call(operation, { body }, { idempotencyKey });
  } catch (error) {
    if (!mayBeAccepted(error)) throw error;
    rehearsal.isUnclear = true;
    throw new ToolError(
      `${refusalText(error, api.url)} The send may have been accepted. Confirm the same token again: it cannot be sent twice. Or ask list_dispatches with idempotency_key ${idempotencyKey}.`,
    );
  }
}

/** A refusal of Cresset itself means that nothing was accepted. A gateway before it, which answers 502 or 504, does not know. */
function mayBeAccepted(error: unknown): boolean {
  if (error instanceof CressetError) return error.status > 500 && error.status !== 503;
  return error instanceof NoAnswerError;
}
