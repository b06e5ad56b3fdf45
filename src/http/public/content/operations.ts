import { blockStates } from '../../../content/content-blocks.ts';
import { exampleIds } from '../../openapi/example-ids.ts';
import type { Operations, Parameter } from '../../openapi/operation.ts';
import {
  answered,
  flag,
  given,
  integer,
  list,
  type Members,
  oneOf,
  optional,
  required,
  text,
  time,
} from '../../openapi/schema.ts';
import { limitOf, optionalFlag, optionalTime, requiredText, success, tagNames } from '../../openapi/shared.ts';
import { MOST_LISTED, MOST_TAGS, USUAL_LISTED } from './shared-request.ts';

const listQuery: Readonly<Record<string, Parameter>> = {
  modified_after: optionalTime('Only what was changed after this time.'),
  modified_before: optionalTime('Only what was changed before this time.'),
  limit: limitOf(MOST_LISTED, USUAL_LISTED),
  offset: { schema: integer('Entries to leave out.', { min: 0 }) },
};

const templateId = text('Id of the template.');
const subject = text('The subject. It may be a template.');
const html = text('The HTML. It may be a template.');
const inlining = flag('Kept, and not done by this server.');
const tags = list(text(), 'Tags.', MOST_TAGS);
const template: Members = {
  preheader: text('What a mail program shows beside the subject.'),
  plaintext_body: text('The text for programs without HTML. Default: made of the HTML.'),
  tags,
  should_inline_css: inlining,
};

const blockId = text('Id of the content block.');
const blockName = text('Letters, digits, `-` and `_`.', { maxLength: 99 });
const content = text('The text. It may be a template. Fewer than 50 KiB.');
const block: Members = {
  description: text('Not blank.', { maxLength: 249 }),
  state: oneOf(blockStates, 'Default: `active`.'),
  tags,
};
const liquidTag = text('How a template includes the block.');
const savedBlock = success({ content_block_id: blockId, liquid_tag: liquidTag, created_at: time() });

export const operations: Operations = {
  'POST /templates/email/create': {
    summary: 'Store an email template',
    tag: 'Content',
    body: given({
      template_name: required(text('A name.')),
      subject: required(subject),
      body: required(html),
      ...template,
    }),
    answer: { status: 201, schema: success({ email_template_id: templateId }) },
    example: {
      body: { template_name: 'Welcome', subject: 'Hi {{${first_name}}}', body: '<p>Hi!</p>', tags: ['sale'] },
    },
  },
  'POST /templates/email/update': {
    summary: 'Change an email template',
    description: 'Members that are not given stay as they are. At least one is needed.',
    tag: 'Content',
    body: given({
      email_template_id: required(templateId),
      template_name: text('A name.'),
      subject,
      body: html,
      ...template,
    }),
    answer: { status: 200, schema: success({ email_template_id: templateId }) },
    example: { body: { email_template_id: exampleIds.emailTemplate, subject: 'Hello {{${first_name}}}' } },
  },
  'GET /templates/email/info': {
    summary: 'Read an email template',
    tag: 'Content',
    query: { email_template_id: requiredText('Id of the template.') },
    answer: {
      status: 200,
      schema: success({
        ...{ email_template_id: templateId, template_name: text(), description: text('Always empty.') },
        ...{ subject, preheader: text(), body: html, plaintext_body: text(), should_inline_css: inlining },
        ...{ tags: tagNames, created_at: time(), updated_at: time() },
      }),
    },
    example: { query: { email_template_id: exampleIds.emailTemplate } },
  },
  'GET /templates/email/list': {
    summary: 'List email templates',
    tag: 'Content',
    query: listQuery,
    answer: {
      status: 200,
      schema: success({
        count: integer('Entries of this page.'),
        templates: list(
          answered({
            email_template_id: templateId,
            template_name: text(),
            tags: tagNames,
            created_at: time(),
            updated_at: time(),
          }),
        ),
      }),
    },
    example: { query: { limit: '10' } },
  },
  'POST /content_blocks/create': {
    summary: 'Store a content block',
    tag: 'Content',
    body: given({ name: required(blockName), content: required(content), ...block }),
    answer: { status: 201, schema: savedBlock },
    example: { body: { name: 'footer_new', content: 'Acme, 1 Main Street', tags: ['sale'] } },
  },
  'POST /content_blocks/update': {
    summary: 'Change a content block',
    description: 'Members that are not given stay as they are. At least one is needed.',
    tag: 'Content',
    body: given({ content_block_id: required(blockId), name: blockName, content, ...block }),
    answer: { status: 201, schema: savedBlock },
    example: { body: { content_block_id: exampleIds.contentBlock, content: 'Acme, 2 Main Street' } },
  },
  'GET /content_blocks/info': {
    summary: 'Read a content block',
    tag: 'Content',
    query: {
      content_block_id: requiredText('Id of the content block.'),
      include_inclusion_data: optionalFlag('Whether the answer lists what includes the block. Default: no.'),
    },
    answer: {
      status: 200,
      schema: success({
        ...{ content_block_id: blockId, name: text(), content, description: text(), content_type: text() },
        ...{ state: oneOf(blockStates), tags: tagNames, created_at: time(), last_edited: time() },
        inclusion_count: integer('What includes the block.'),
        inclusion_data: optional(list(text('An id.'))),
      }),
    },
    example: { query: { content_block_id: exampleIds.contentBlock, include_inclusion_data: 'true' } },
  },
  'GET /content_blocks/list': {
    summary: 'List content blocks',
    tag: 'Content',
    query: listQuery,
    answer: {
      status: 200,
      schema: success({
        count: integer('Entries of this page.'),
        content_blocks: list(
          answered({
            ...{ content_block_id: blockId, name: text(), content_type: text(), liquid_tag: liquidTag },
            ...{ inclusion_count: integer(), created_at: time(), last_edited: time(), tags: tagNames },
          }),
        ),
      }),
    },
    example: { query: { limit: '10' } },
  },
};
