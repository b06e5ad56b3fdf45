import { fieldTypes } from '../../../item-catalogs/definition.ts';
import {
  MOST_DESCRIPTION_CHARACTERS,
  MOST_FIELDS,
  MOST_FILTERS,
  MOST_ITEMS_PER_REQUEST,
  MOST_NAME_CHARACTERS,
  MOST_NEW_FIELDS,
  MOST_RESULTS,
} from '../../../item-catalogs/limits.ts';
import { selectionSources, sortOrders } from '../../../item-catalogs/read-selection.ts';
import type { Operation, Operations } from '../../openapi/operation.ts';
import {
  answered,
  anything,
  given,
  integer,
  list,
  map,
  oneOf,
  orNull,
  required,
  type Schema,
  text,
  time,
} from '../../openapi/schema.ts';
import { optionalText, success } from '../../openapi/shared.ts';

const word = (what: string) => text(`${what}: letters, digits, \`-\` and \`_\`.`, { maxLength: MOST_NAME_CHARACTERS });
const catalogName = word('Name of the catalog');
const itemId = word('Id of the item');
const params = { catalog_name: catalogName };
const oneParams = { ...params, item_id: itemId };

const newField = given({
  name: required(word('Name of the field')),
  type: required(oneOf(fieldTypes, 'Type of the values.')),
});
const filterGiven = given({
  field: required(text('Name of the field.')),
  operator: required(text('Such as `equals`. Each type has its own.')),
  value: required(anything('What to compare with. It may be a template.')),
});
const description = text('A note.', { maxLength: MOST_DESCRIPTION_CHARACTERS });

const selection = answered({
  name: text(),
  description: orNull(text()),
  external_id: orNull(text()),
  source: orNull(text()),
  filters: list(answered({ field: text(), operator: text(), value: anything() })),
  results_limit: integer(),
  sort_field: orNull(text()),
  sort_order: orNull(text()),
});
const catalog = answered({
  description: text(),
  fields: list(answered({ name: text(), token: text('The id of the field.'), type: oneOf(fieldTypes) })),
  name: text(),
  source: text('Always `Braze`, as in the original.'),
  num_items: integer(),
  storage_size: integer('Bytes of the items.'),
  selections_size: integer('Bytes of the selections.'),
  updated_at: time(),
  selections: list(selection),
});
const catalogs = success({ catalogs: list(catalog) });
const item: Schema = map(null, 'The id and the values of the fields.');

const shared = { tag: 'Catalogs', errorForm: 'catalogs' } as const;
const asked = (
  summary: string,
  operation: Omit<Operation, 'summary' | 'tag' | 'answer'>,
  answer: Operation['answer'] = { status: 200, schema: success() },
): Operation => ({ summary, ...shared, errors: ['not_found'], answer, ...operation });

const itemsGiven = (most: number, members: Record<string, Schema>): Schema =>
  given({
    items: required(
      list(
        { ...given(members), additionalProperties: true, ...(most > 1 && { required: ['id'] }) },
        'Each with the values of its fields. Fields that the catalog does not have are refused.',
        most,
      ),
    ),
  });
const manyItems = itemsGiven(MOST_ITEMS_PER_REQUEST, { id: itemId });
const oneItem = itemsGiven(1, {});
const applied = { status: 202, schema: success() } as const;
const inGames = { params: { catalog_name: 'games' } };
const oneGame = { params: { catalog_name: 'games', item_id: 'chess' } };
const games = { items: [{ id: 'chess', title: 'Chess', price: 12.5 }] };
const chess = { items: [{ title: 'Chess', price: 12.5 }] };

export const operations: Operations = {
  'GET /catalogs': asked('List catalogs', { errors: [], example: {} }, { status: 200, schema: catalogs }),
  'POST /catalogs': asked(
    'Create a catalog',
    {
      errors: [],
      body: given({
        catalogs: required(
          list(
            given({
              name: required(catalogName),
              description,
              fields: required(list(newField, 'The first is `id`, a string.', MOST_FIELDS)),
            }),
            'One catalog.',
            1,
          ),
        ),
      }),
      example: {
        body: {
          catalogs: [
            {
              name: 'books',
              fields: [
                { name: 'id', type: 'string' },
                { name: 'title', type: 'string' },
              ],
            },
          ],
        },
      },
    },
    { status: 201, schema: catalogs },
  ),
  'GET /catalogs/:catalog_name': asked(
    'Read a catalog',
    { params, example: inGames },
    { status: 200, schema: catalogs },
  ),
  'DELETE /catalogs/:catalog_name': asked('Delete a catalog and its items', { params, example: inGames }),
  'GET /catalogs/:catalog_name/items': asked(
    'List items, 50 at a time',
    {
      description: 'The header `Link` has the pages before and after.',
      params,
      query: { cursor: optionalText('The `cursor` in the header `Link` of another page.') },
      example: inGames,
    },
    { status: 200, schema: success({ items: list(item) }) },
  ),
  'POST /catalogs/:catalog_name/items': asked(
    'Create items',
    { params, body: manyItems, example: { ...inGames, body: games } },
    applied,
  ),
  'PUT /catalogs/:catalog_name/items': asked(
    'Replace items',
    { params, body: manyItems, example: { ...inGames, body: games } },
    applied,
  ),
  'PATCH /catalogs/:catalog_name/items': asked(
    'Change items',
    { params, body: manyItems, example: { ...inGames, body: games } },
    applied,
  ),
  'DELETE /catalogs/:catalog_name/items': asked(
    'Delete items',
    {
      params,
      body: given({ items: required(list(given({ id: required(itemId) }), 'Ids of items.', MOST_ITEMS_PER_REQUEST)) }),
      example: { ...inGames, body: { items: [{ id: 'chess' }] } },
    },
    applied,
  ),
  'GET /catalogs/:catalog_name/items/:item_id': asked(
    'Read an item',
    { params: oneParams, example: oneGame },
    { status: 200, schema: success({ items: list(item) }) },
  ),
  'POST /catalogs/:catalog_name/items/:item_id': asked(
    'Create an item',
    {
      params: oneParams,
      body: oneItem,
      example: { params: { catalog_name: 'games', item_id: 'go' }, body: { items: [{ title: 'Go' }] } },
    },
    { status: 201, schema: success() },
  ),
  'PUT /catalogs/:catalog_name/items/:item_id': asked('Replace an item', {
    params: oneParams,
    body: oneItem,
    example: { ...oneGame, body: chess },
  }),
  'PATCH /catalogs/:catalog_name/items/:item_id': asked('Change an item', {
    params: oneParams,
    body: oneItem,
    example: { ...oneGame, body: chess },
  }),
  'DELETE /catalogs/:catalog_name/items/:item_id': asked(
    'Delete an item',
    { params: oneParams, example: oneGame },
    applied,
  ),
  'POST /catalogs/:catalog_name/fields': asked(
    'Add fields to a catalog',
    {
      params,
      body: given({ fields: required(list(newField, 'New fields.', MOST_NEW_FIELDS)) }),
      example: { ...inGames, body: { fields: [{ name: 'players', type: 'number' }] } },
    },
    applied,
  ),
  'DELETE /catalogs/:catalog_name/fields/:field_name': asked(
    'Delete a field of a catalog',
    {
      params: { ...params, field_name: word('Name of the field') },
      example: { params: { catalog_name: 'games', field_name: 'price' } },
    },
    applied,
  ),
  'POST /catalogs/:catalog_name/selections': asked(
    'Create a selection of items',
    {
      params,
      body: given({
        selection: required(
          given({
            name: required(word('Name of the selection')),
            description: text('A note of at most 1,000 characters.'),
            external_id: text('An id of yours.'),
            source: oneOf(selectionSources),
            filters: required(list(filterGiven, 'All of them must hold.', MOST_FILTERS)),
            results_limit: required(integer('Most items.', { min: 1, max: MOST_RESULTS })),
            sort_field: text('Name of a field. Default: in no order.'),
            sort_order: oneOf(sortOrders),
          }),
        ),
      }),
      example: {
        ...inGames,
        body: {
          selection: {
            name: 'cheap',
            filters: [{ field: 'price', operator: 'less than', value: 20 }],
            results_limit: 10,
          },
        },
      },
    },
    applied,
  ),
  'DELETE /catalogs/:catalog_name/selections/:selection_name': asked(
    'Delete a selection',
    {
      params: { ...params, selection_name: word('Name of the selection') },
      example: { params: { catalog_name: 'games', selection_name: 'dear' } },
    },
    applied,
  ),
};
