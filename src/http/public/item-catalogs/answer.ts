import type { CountedCatalog } from '../../../item-catalogs/catalogs-store.ts';
import { type ItemPage, type StoredItem, shownItem } from '../../../item-catalogs/items-store.ts';
import { CatalogRefusal } from '../../../item-catalogs/problems.ts';
import type { Answer } from '../../route.ts';
import { cursorOf } from './request.ts';

export const success = { message: 'success' } as const;

export function catalogsAnswer(status: 200 | 201, catalogs: readonly CountedCatalog[]): Answer {
  return { status, body: { catalogs: catalogs.map(shownCatalog), ...success } };
}

/** The members in the order in which the original has them. Source: catalogs.md §2. */
function shownCatalog(catalog: CountedCatalog): object {
  return {
    description: catalog.description,
    fields: catalog.fields.map(({ name, token, type }) => ({ name, token: String(token), type })),
    name: catalog.name,
    source: 'Braze',
    num_items: catalog.itemCount,
    storage_size: catalog.sizeBytes,
    selections_size: catalog.selections.length === 0 ? 0 : Buffer.byteLength(JSON.stringify(catalog.selections)),
    updated_at: catalog.updatedAt.toISOString().replace('Z', '+00:00'),
    selections: catalog.selections,
  };
}

export function itemAnswer(catalog: CountedCatalog, item: StoredItem): Answer {
  return { status: 200, body: { items: [shownItem(catalog, item)], ...success } };
}

export function pageAnswer(catalog: CountedCatalog, { items, previous, next }: ItemPage): Answer {
  const links = [linkTo(catalog.name, previous, 'prev'), linkTo(catalog.name, next, 'next')].filter(
    (one) => one !== '',
  );
  const body = { items: items.map((item) => shownItem(catalog, item)), ...success };
  return { status: 200, body, ...(links.length > 0 && { headers: { link: links.join(',') } }) };
}

function linkTo(name: string, after: number | null, rel: 'prev' | 'next'): string {
  return after === null ? '' : `</catalogs/${name}/items?cursor=${cursorOf(after)}>; rel="${rel}"`;
}

/** Turns a refusal into its answer, which has a form of its own. Source: catalogs.md §8. */
export async function answering(work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof CatalogRefusal)) throw error;
    return { status: error.status, body: { errors: error.problems, message: 'Invalid Request' } };
  }
}
