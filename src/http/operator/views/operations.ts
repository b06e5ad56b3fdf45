import { filteredLists, filtersOf } from '../../../operators/views.ts';
import { exampleIds } from '../../openapi/example-ids.ts';
import type { Operations } from '../../openapi/operation.ts';
import { answered, given, list, map, oneOf, required, text, time } from '../../openapi/schema.ts';
import { success, words } from '../../openapi/shared.ts';
import { LONGEST_NAME, LONGEST_VALUE } from './route.ts';

const tag = 'Console';
const known = filteredLists.map((one) => `\`${one}\`: ${filtersOf[one].join(', ')}`).join('; ');
const ofList = oneOf(filteredLists, 'The list that it filters.');
const name = text('Unique among the views of its list, in any case.', { maxLength: LONGEST_NAME });
const filter = map(text(undefined, { maxLength: LONGEST_VALUE }), `Texts by the name of the filter. ${known}.`);
const view = answered({
  ...{ view_id: text(), list: ofList, name, filter },
  ...{ made_at: time(), made_by: text('Name of the operator.'), changed_at: time(), changed_by: text() },
});
const params = { view_id: text('`view_id` of the view.') };

export const operations: Operations = {
  'GET /operator/v1/views': {
    summary: 'List saved filters',
    tag,
    query: { list: words(filteredLists, 'Only those of this list.') },
    answer: { status: 200, schema: success({ views: list(view, 'By name.') }) },
    errors: [],
    example: { query: { list: 'recipients' } },
  },
  'POST /operator/v1/views': {
    summary: 'Save a filter under a name',
    description: 'All operators of the workspace see it. A list has at most 100 of them.',
    tag,
    body: given({ list: required(ofList), name: required(name), filter: required(filter) }),
    answer: { status: 201, schema: success({ view }) },
    example: { body: { list: 'recipients', name: 'Failed mails', filter: { channel: 'email', status: 'failed' } } },
  },
  'PATCH /operator/v1/views/:view_id': {
    summary: 'Give a saved filter another name or filter',
    tag,
    params,
    body: given({ name, filter }),
    answer: { status: 200, schema: success({ view }) },
    errors: ['not_found'],
    example: { params: { view_id: exampleIds.view }, body: { name: 'Mails that failed' } },
  },
  'DELETE /operator/v1/views/:view_id': {
    summary: 'Delete a saved filter',
    tag,
    params,
    answer: { status: 200, schema: success() },
    errors: ['not_found'],
    example: { params: { view_id: exampleIds.view } },
  },
};
