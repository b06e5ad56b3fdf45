import { isDeepStrictEqual } from 'node:util';
import { shortened } from '../lib/raw/bounded-texts.ts';

/** Every error of these endpoints: its status and message. Source: catalogs.md §2 to §5. */
const kinds = {
  'catalog-array-invalid': [400, "'catalogs' must be an array of objects"],
  'catalog-exceeds-fields-limit': [400, 'The catalog would have more than 500 fields'],
  'catalog-name-already-exists': [400, 'A catalog with that name already exists'],
  'catalog-name-too-large': [400, 'The catalog name has more than 250 characters'],
  'catalog-not-found': [404, 'Could not find catalog'],
  'company-size-limit-already-reached': [400, 'The storage limit of the catalogs of this workspace is reached'],
  'company-size-limit-surge': [400, 'The request would cross the storage limit of the catalogs of this workspace'],
  'description-too-long': [400, 'The description has more than 250 characters'],
  'field-names-not-unique': [400, 'The names of fields must be unique in a catalog'],
  'field-names-too-large': [400, 'The name of a field has more than 250 characters'],
  'field-referenced-by-selection': [400, 'A selection uses the field'],
  'filtered-set-field-too-long': [400, 'A text in a field that a selection filters has more than 1,000 characters'],
  'id-in-body': [400, "The 'id' must not be given in the body"],
  'id-not-first-column': [400, "The first field must have the name 'id' and the type 'string'"],
  'ids-not-strings': [400, 'The ids of items must be strings'],
  'ids-not-unique': [400, 'The ids of the items of a request must be unique'],
  'ids-too-large': [400, 'The id of an item has more than 250 characters'],
  'invalid-catalog-name': [400, 'The catalog name may only have letters, digits, hyphens and underscores'],
  'invalid-cursor': [400, "'cursor' is not valid"],
  'invalid-field-name': [400, 'The catalog has no such field, or it cannot be deleted'],
  'invalid-field-names': [400, 'The name of a field may only have letters, digits, hyphens and underscores'],
  'invalid-field-types': [400, 'The type of a field must be string, number, boolean, time, object, array or geo'],
  'invalid-fields': [400, "'fields' must be an array of objects with 'name' and 'type'"],
  'invalid-ids': [400, 'The id of an item may only have letters, digits, hyphens and underscores'],
  'invalid-keys-in-value-object': [400, "The keys of a value that is an object may not have '.' or '$'"],
  'invalid-selection': [400, "'selection' must be an object with a name, filters and a results limit"],
  'invalid-sort-field': [400, 'The catalog has no such field to sort by'],
  'invalid-sort-order': [400, "'sort_order' must be 'asc' or 'desc'"],
  'invalid-sorting': [400, 'Items cannot be sorted by a field of the type object, array or geo'],
  'item-already-exists': [400, 'The item already exists in the catalog'],
  'item-array-invalid': [400, "'items' must be an array of objects"],
  'item-not-found': [404, 'Could not find item'],
  'items-missing-ids': [400, 'There are items that do not have ids'],
  'items-too-large': [400, 'A value has more than 5,000 characters, or an array more than 100 elements'],
  'request-includes-too-many-fields': [400, 'A request may have at most 50 fields'],
  'request-includes-too-many-items': [400, 'The request has too many items'],
  'selection-contains-too-many-arrays': [400, 'A selection may filter at most one field of the type array'],
  'selection-has-invalid-filter': [
    400,
    'A filter names no field, or an operator or value that the field does not have',
  ],
  'selection-invalid-results-limit': [400, "'results_limit' must be an integer from 1 to 50"],
  'selection-limit-reached': [400, 'The catalog has 30 selections already'],
  'selection-name-already-exists': [400, 'A selection with that name already exists'],
  'selection-not-found': [404, 'Could not find selection'],
  'too-deep-nesting-in-value-object': [400, 'A value has more than 50 levels'],
  'too-many-catalog-atoms': [400, 'Only one catalog can be created per request'],
  'too-many-fields': [400, 'The catalog has more than 500 fields'],
  'too-many-filters': [400, 'A selection may have at most 10 filters'],
  'unable-to-coerce-value': [400, 'A value cannot be converted to the type of its field'],
} as const satisfies Record<string, readonly [number, string]>;

export type ProblemKind = keyof typeof kinds;

/** One entry of `errors`. */
export interface CatalogProblem {
  id: string;
  message: string;
  parameters: readonly string[];
  parameter_values: readonly string[];
  /** Names of the fields that are wrong, beyond the original. */
  fields?: readonly string[];
}

export interface ProblemDetails {
  /** The member that is wrong. */
  parameter?: string;
  /** What came. Long ones are cut. */
  values?: readonly string[];
  /** Instead of the kind's usual message. */
  message?: string;
  /** The field of the item that is wrong. */
  field?: string;
}

/** The refusal of a request about item catalogs, which has a form of its own. Source: catalogs.md §8. */
export class CatalogRefusal extends Error {
  readonly status: number;
  readonly problems: readonly CatalogProblem[];

  constructor(status: number, problems: readonly CatalogProblem[]) {
    super(problems.map(({ id }) => id).join(', '));
    this.status = status;
    this.problems = problems;
  }
}

export function refusal(kind: ProblemKind, details: ProblemDetails = {}): CatalogRefusal {
  return new CatalogRefusal(kinds[kind][0], [problemOf(kind, details)]);
}

export function catalogNotFound(name: string): CatalogRefusal {
  return refusal('catalog-not-found', { parameter: 'catalog_name', values: [name] });
}

function problemOf(kind: ProblemKind, { parameter, values = [], message, field }: ProblemDetails): CatalogProblem {
  return {
    ...(field !== undefined && { fields: [shownWord(field)] }),
    id: kind === 'selection-not-found' ? 'invalid-selection' : kind,
    message: message ?? kinds[kind][1],
    parameters: parameter === undefined ? [] : [parameter],
    parameter_values: values.map(shownWord),
  };
}

function shownWord(word: string): string {
  return shortened(word.toWellFormed());
}

/** Most entries of one answer. There are fewer kinds that one request can have. */
const MOST_PROBLEMS = 20;

/** Most fields that are named for one kind. */
const MOST_NAMED = 20;

/** Collects the problems of one request: the first of each kind, with all fields of its item. */
export class CatalogProblems {
  readonly #found = new Map<ProblemKind, CatalogProblem>();

  add(kind: ProblemKind, details: ProblemDetails): void {
    const found = this.#found.get(kind);
    if (found === undefined) {
      if (this.#found.size < MOST_PROBLEMS) this.#found.set(kind, problemOf(kind, details));
      return;
    }
    const known = found.fields ?? [];
    if (known.length === 0 || known.length === MOST_NAMED) return;
    const { fields = [], parameter_values: values } = problemOf(kind, details);
    if (isDeepStrictEqual(values, found.parameter_values))
      this.#found.set(kind, { ...found, fields: [...new Set([...known, ...fields])] });
  }

  /** Throws CatalogRefusal. */
  throwIfAny(): void {
    if (this.#found.size > 0) throw new CatalogRefusal(400, [...this.#found.values()]);
  }
}
