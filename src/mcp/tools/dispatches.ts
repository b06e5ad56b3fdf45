import * as z from 'zod';
import { defineTool, reading } from '../tool.ts';
import { cursor, dispatchId, limitOf, list, nextCursor, person, record, verdicts } from './arguments.ts';

export const listDispatches = defineTool({
  name: 'list_dispatches',
  title: 'List dispatches',
  description:
    'Lists dispatches (accepted requests to send), the newest first, with state and size. State scheduled lists what is to be sent later. Permission: dispatches.read.',
  input: z.strictObject({
    campaign_id: z.string().optional().describe('Only those of this campaign.'),
    segment_id: z.string().optional().describe('Only those to this segment.'),
    state: z
      .string()
      .optional()
      .describe('Only this state: scheduled, accepted, sending, paused, finished, cancelled, failed.'),
    since: z.string().optional().describe('Accepted at this time or later, ISO 8601.'),
    until: z.string().optional().describe('Accepted before this time, ISO 8601.'),
    idempotency_key: z.string().optional().describe('Only that of this Idempotency-Key.'),
    limit: limitOf(100, 20),
    cursor,
  }),
  output: { dispatches: list('The dispatches.'), next_cursor: nextCursor },
  annotations: reading,
  run: (query, { api, signal }) => api.call('GET /dispatches', { query }, { signal }),
});

export const getDispatch = defineTool({
  name: 'get_dispatch',
  title: 'Read a dispatch',
  description:
    'Reads the state of one dispatch, how many people it is for, and by channel how many messages were sent, refused or failed and why. failure and waits say what holds it up. Permission: dispatches.read.',
  input: z.strictObject({ dispatch_id: dispatchId }),
  output: {
    dispatch_id: z.string(),
    state: z.string().describe('accepted, sending, paused, finished, cancelled, failed or scheduled.'),
    counts: record('People: targeted, recipients, and those who were refused before any channel.'),
    channels: record('By channel: one number for each outcome.'),
    failure: z.string().describe('Why it failed, or what it waits for.'),
  },
  annotations: reading,
  run: ({ dispatch_id }, { api, signal }) =>
    api.call('GET /dispatches/{dispatch_id}', { path: { dispatch_id } }, { signal }),
});

export const listRecipients = defineTool({
  name: 'list_recipients',
  title: 'What became of each recipient',
  description:
    'Lists what became of each recipient of one dispatch: status, reason, detail, the provider’s words, feedback. Narrow it by person, status, reason or channel. Permission: dispatches.read.',
  input: z.strictObject({
    dispatch_id: dispatchId,
    ...person,
    ...verdicts,
    min_attempts: z.int().min(0).max(9_999).optional().describe('Only recipients with at least so many attempts.'),
    limit: limitOf(200, 25),
    cursor,
  }),
  output: { recipients: list('One verdict for each person and channel.'), next_cursor: nextCursor },
  annotations: reading,
  run: ({ dispatch_id, ...query }, { api, signal }) =>
    api.call('GET /dispatches/{dispatch_id}/recipients', { path: { dispatch_id }, query }, { signal }),
});

export const listSandboxMessages = defineTool({
  name: 'list_sandbox_messages',
  title: 'Read messages of the sandbox',
  description:
    'Lists whole messages as they would have been sent by channels that have no provider: the newest dispatch first. For developers: what did my request make? Permission: sandbox.read.',
  input: z.strictObject({
    dispatch_id: dispatchId.optional(),
    external_id: z.string().optional().describe('Only those to this person.'),
    channel: verdicts.channel,
    limit: limitOf(50, 5),
    cursor,
  }),
  output: { messages: list('The messages.'), next_cursor: nextCursor },
  annotations: reading,
  run: (query, { api, signal }) => api.call('GET /sandbox/messages', { query }, { signal }),
});
