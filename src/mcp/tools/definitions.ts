import * as z from 'zod';
import type { OperationName } from '../../client/client.ts';
import { defineTool, reading } from '../tool.ts';
import { list, record } from './arguments.ts';

/** Entries of a page of what is listed by an offset. */
const PAGE = 50;

/** How each kind is listed and read, and the name of its id. */
const kinds = {
  campaign: { list: 'GET /campaigns/list', read: 'GET /campaigns/details', id: 'campaign_id', pages: 'page' },
  segment: { list: 'GET /segments/list', read: 'GET /segments/details', id: 'segment_id', pages: 'page' },
  email_template: {
    ...{ list: 'GET /templates/email/list', read: 'GET /templates/email/info' },
    ...{ id: 'email_template_id', pages: 'offset' },
  },
  content_block: {
    ...{ list: 'GET /content_blocks/list', read: 'GET /content_blocks/info' },
    ...{ id: 'content_block_id', pages: 'offset' },
  },
} as const satisfies Record<string, { list: OperationName; read: OperationName; id: string; pages: 'page' | 'offset' }>;

type Kind = keyof typeof kinds;
const kind = z.enum(Object.keys(kinds) as [Kind, ...Kind[]]);
const permissions =
  'Permissions: campaigns.list, segments.list, templates.email.list, content_blocks.list, for the kind that is asked.';

export const listDefinitions = defineTool({
  name: 'list_definitions',
  title: 'List campaigns, segments and templates',
  description: `Lists what operators have defined, of one kind: ids, names and tags. ${permissions}`,
  input: z.strictObject({
    kind,
    page: z.int().min(0).default(0).describe('The page, from 0. A page that lacks entries is the last.'),
  }),
  output: {
    campaigns: list('Of kind campaign.'),
    segments: list('Of kind segment.'),
    templates: list('Of kind email_template.'),
    content_blocks: list('Of kind content_block.'),
  },
  annotations: reading,
  more: 'find reads one by its id.',
  run({ kind, page }, { api, signal }) {
    const { list, pages } = kinds[kind];
    const query = pages === 'page' ? { page } : { limit: PAGE, offset: page * PAGE };
    return api.call(list, { query }, { signal });
  },
});

export const getDefinition = defineTool({
  name: 'get_definition',
  title: 'Read a campaign, segment or template',
  description:
    'Reads one definition: the channels and variations of a campaign, the filter of a segment in words, the texts of an email template or content block. Permissions: campaigns.details, segments.details, templates.email.info, content_blocks.info, for the kind that is asked.',
  input: z.strictObject({ kind, id: z.string().describe('Its id.') }),
  output: {
    name: z.string(),
    description: z.string().describe('Of a segment: the filter in words.'),
    messages: record('Of a campaign: its variations.'),
    subject: z.string(),
    body: z.string().describe('Of an email template: its HTML.'),
    content: z.string().describe('Of a content block: its text.'),
  },
  annotations: reading,
  more: 'The whole text is in the console.',
  run: ({ kind, id }, { api, signal }) => api.call(kinds[kind].read, { query: { [kinds[kind].id]: id } }, { signal }),
});

export const getCampaignStatistics = defineTool({
  name: 'get_campaign_statistics',
  title: 'What a campaign sent, by day',
  description:
    'Reads what a campaign sent and what came back (opens, clicks, bounces …), by day and channel, the oldest day first. Permission: campaigns.data_series.',
  input: z.strictObject({
    campaign_id: z.string().describe('Id of the campaign.'),
    days: z.int().min(1).max(100).default(7).describe('How many days.'),
    ending_at: z.string().optional().describe('The last day, ISO 8601. Default: today.'),
  }),
  output: { data: list('One entry for each day.') },
  annotations: reading,
  more: 'To see more, ask for fewer days, with ending_at.',
  run: ({ days, ...query }, { api, signal }) =>
    api.call('GET /campaigns/data_series', { query: { ...query, length: days } }, { signal }),
});
