import * as z from 'zod';
import { defineTool, reading } from '../tool.ts';
import { audience, list, record } from './arguments.ts';

export const previewAudience = defineTool({
  name: 'preview_audience',
  title: 'Count an audience',
  description:
    'Counts whom a segment, the draft of one, or an audience describes, and how many of them each channel reaches; with the first twenty people. Exact, and nothing is sent. Permission: audience.preview.',
  input: z.strictObject({
    ...audience,
    recipient_subscription_state: z
      .string()
      .optional()
      .describe('all, opted_in or subscribed (the default), as in a send.'),
    channels: z.array(z.string()).optional().describe('Only these channels. Default: all that need no group.'),
    subscription_group_ids: z
      .record(z.string(), z.string())
      .optional()
      .describe('Ids of the groups whose members count: {"sms": …, "whats_app": …}.'),
  }),
  output: {
    count: z.number().describe('People who are described.'),
    reachable: record('By channel: how many of them it reaches.'),
    sample: list('The first twenty.'),
  },
  annotations: reading,
  run: (body, { api, signal }) => api.call('POST /audience/preview', { body }, { signal }),
});

export const explainAudience = defineTool({
  name: 'explain_audience',
  title: 'Why a person is in an audience',
  description:
    'Says why one person is, or is not, in a segment or an audience: what each filter found, as of now. Answers why a broadcast did not mean somebody. Permission: audience.explain.',
  input: z.strictObject({
    ...audience,
    external_id: z.string().optional().describe('The person.'),
    braze_id: z.string().optional().describe('The person, by the id that the server gave.'),
    user_alias: z.strictObject({ alias_label: z.string(), alias_name: z.string() }).optional().describe('The person.'),
  }),
  output: {
    targeted: z.boolean().describe('Whether the person is in it.'),
    reason: z.string().nullable().describe('not_in_segment or not_in_audience.'),
    detail: z.string().nullable().describe('The filter that said no, and what it found.'),
  },
  annotations: reading,
  more: 'To see more, explain a part of the filter.',
  run: (body, { api, signal }) => api.call('POST /audience/explain', { body }, { signal }),
});
