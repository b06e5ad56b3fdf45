import * as z from 'zod';
import { ToolError } from '../refusal.ts';
import { defineTool, reading } from '../tool.ts';
import { audience, list } from './arguments.ts';

/**
 * Refuses messages whose templates call other hosts. Preparing such a message makes the calls, and their addresses may hold
 * what is known of people: an assistant that was misled could give it away without a send.
 */
export function refuseCallsOut(body: object): void {
  if (!JSON.stringify(body).includes('connected_content')) return;
  throw new ToolError(
    'connected_content is not allowed in messages that are given here, because already a preview calls its hosts. Stored campaigns, templates and content blocks may have it.',
  );
}

export const previewMessage = defineTool({
  name: 'preview_message',
  title: 'Preview messages',
  description:
    'Shows messages as people would get them, with what templates lack, sizes and warnings; nothing is sent or stored. Give messages, or the campaign_id of an API-triggered campaign; and people by name, an audience, or attributes of somebody who is not stored. Permission: messages.send (it is that of the endpoint).',
  input: z.strictObject({
    messages: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('By channel, as in POST /messages/send: {"email": {"subject": …, "body": …, "from": …}}.'),
    campaign_id: z.string().optional().describe('A campaign, whose own messages are shown if none are given.'),
    external_user_ids: z.array(z.string()).optional().describe('People.'),
    segment_id: audience.segment_id,
    audience: audience.audience,
    sample_size: z.int().min(1).max(20).optional().describe('People of the segment or audience. Default: 3.'),
    attributes: z.array(z.record(z.string(), z.unknown())).optional().describe('People who are not stored.'),
    trigger_properties: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('Read by {{api_trigger_properties.${…}}}.'),
  }),
  output: {
    targeted: z.number().describe('People who are meant.'),
    refused: list('Named people who are unknown or outside of the audience.'),
    previews: list('One for each person and channel.'),
  },
  annotations: { ...reading, openWorldHint: true },
  more: 'To see more, preview for fewer people or channels.',
  async run(body, { api, signal }) {
    refuseCallsOut(body);
    return api.call('POST /messages/preview', { body }, { signal });
  },
});
