import type { Database } from '../../../db/database.ts';
import type { Clock } from '../../../lib/clock.ts';
import { isObject, type RawObject } from '../../../lib/raw/json.ts';
import { isStorable } from '../../../lib/raw/storable.ts';
import {
  changeView,
  createView,
  deleteView,
  type FilteredList,
  filteredLists,
  filtersOf,
  listViews,
  type NewView,
  type View,
  type ViewChange,
  type ViewFilter,
} from '../../../operators/views.ts';
import { readOneOf } from '../../query.ts';
import { BodyReader } from '../body-reader.ts';
import type { OperatorRoute } from '../route.ts';

export const LONGEST_NAME = 80;
export const LONGEST_VALUE = 200;

/** Filters of lists under a name, for all operators: list, save, change, delete. */
export function viewRoutes({ db, clock }: { db: Database; clock: Clock }): OperatorRoute[] {
  return [
    {
      method: 'GET',
      path: '/operator/v1/views',
      role: 'viewer',
      query: ['list'],
      async handle({ workspaceId, query }) {
        const list = readOneOf(query, 'list', filteredLists) as FilteredList | null;
        const views = await listViews(db, workspaceId, list);
        return { status: 200, body: { views: views.map(described), message: 'success' } };
      },
    },
    {
      method: 'POST',
      path: '/operator/v1/views',
      role: 'sender',
      async handle({ actor, body }) {
        const view = await createView(db, actor, readNewView(body), clock.now());
        return { status: 201, body: { view: described(view), message: 'success' } };
      },
    },
    {
      method: 'PATCH',
      path: '/operator/v1/views/:view_id',
      role: 'sender',
      async handle({ actor, params, body }) {
        const asked = { id: params.view_id ?? '', read: (list: FilteredList) => readChange(body, list) };
        const view = await changeView(db, actor, asked, clock.now());
        return { status: 200, body: { view: described(view), message: 'success' } };
      },
    },
    {
      method: 'DELETE',
      path: '/operator/v1/views/:view_id',
      role: 'sender',
      async handle({ actor, params }) {
        await deleteView(db, actor, params.view_id ?? '', clock.now());
        return { status: 200, body: { message: 'success' } };
      },
    },
  ];
}

function described({ id, list, name, filter, madeAt, madeBy, changedAt, changedBy }: View): object {
  return {
    ...{ view_id: id, list, name, filter },
    ...{ made_at: madeAt, made_by: madeBy, changed_at: changedAt, changed_by: changedBy },
  };
}

function readNewView(body: RawObject): NewView {
  const reader = new BodyReader(body, ['list', 'name', 'filter']);
  const list = reader.oneOf('list', filteredLists);
  const view = { list, name: readName(reader), filter: readFilter(reader, list) };
  reader.end();
  return view;
}

/** At least one of both. */
function readChange(body: RawObject, list: FilteredList): ViewChange {
  const reader = new BodyReader(body, ['name', 'filter']);
  if (!reader.has('name') && !reader.has('filter')) reader.refuse('name', 'expected a name or a filter, got neither');
  const change = {
    ...(reader.has('name') && { name: readName(reader) }),
    ...(reader.has('filter') && { filter: readFilter(reader, list) }),
  };
  reader.end();
  return change;
}

function readName(reader: BodyReader): string {
  const name = reader.text('name', { most: LONGEST_NAME });
  if (name !== '' && (name.trim() !== name || /\p{Cc}/u.test(name)))
    reader.refuse('name', 'expected a text without spaces around it and without control characters');
  return name;
}

function readFilter(reader: BodyReader, list: FilteredList): ViewFilter {
  const filter = reader.get('filter');
  const known: readonly string[] = filtersOf[list];
  if (!isObject(filter) || Object.keys(filter).length === 0) {
    reader.refuse('filter', `expected an object with some of ${known.join(', ')}`);
    return {};
  }
  for (const [name, value] of Object.entries(filter)) {
    const path = `filter.${name.slice(0, LONGEST_VALUE)}`;
    if (!known.includes(name))
      reader.problems.add('type', path, `unknown filter of ${list}; ${known.join(', ')} are known`);
    else if (typeof value !== 'string' || value === '' || value.length > LONGEST_VALUE || !isStorable(value))
      reader.problems.add('type', path, `expected a text of 1 to ${LONGEST_VALUE} characters`);
  }
  return filter as ViewFilter;
}
