import type { Db } from '../db/database.ts';
import { joinSql, raw, type Sql, sql } from '../db/sql.ts';
import { isObject, own } from '../lib/raw/json.ts';
import { isTemplate } from '../templating/template.ts';
import { type Field, fieldNamed, type ItemCatalog } from './definition.ts';
import type { StoredItem } from './items-store.ts';
import { operandType } from './read-selection.ts';
import type { Selection } from './selection.ts';
import { isDegrees, readValue } from './values.ts';

/** A filter whose value is converted. */
export interface Condition {
  field: Field;
  operator: string;
  value: unknown;
}

/** Renders Liquid. null: that cannot be done. */
export type RenderValue = (text: string) => string | null;

/** The conditions of a selection for one person. null: a value cannot be converted, so no item matches. */
export function conditionsOf(
  { fields }: ItemCatalog,
  { filters }: Selection,
  render: RenderValue,
): readonly Condition[] | null {
  const conditions = filters.map(({ field: name, operator, value }): Condition | null => {
    const field = fieldNamed(fields, name);
    const type = field === undefined ? undefined : operandType(field.type, operator);
    if (field === undefined || type === undefined) return null;
    const read = type === 'geo' ? readArea(value, render) : readOperand(type, value, render);
    return read === null ? null : { field, operator, value: read.value };
  });
  return conditions.every((condition) => condition !== null) ? conditions : null;
}

function rendered(value: unknown, render: RenderValue): unknown {
  return typeof value === 'string' && isTemplate(value) ? (render(value)?.trim() ?? null) : value;
}

function readOperand(type: Parameters<typeof readValue>[0], given: unknown, render: RenderValue) {
  const value = rendered(given, render);
  const reading = value === null ? null : readValue(type, value);
  return reading?.ok ? { value: reading.value } : null;
}

const KM_PER_MILE = 1.609_344;

/** Reads an area; the Liquid of its center gives `[longitude, latitude]` or `longitude,latitude`. */
function readArea(given: unknown, render: RenderValue) {
  if (!isObject(given)) return null;
  const center = rendered(own(given, 'center'), render);
  const place =
    typeof center === 'string'
      ? center
          .replace(/^\[|\]$/g, '')
          .split(',')
          .map(Number)
      : center;
  const [radius, unit] = [own(given, 'radius'), own(given, 'unit')];
  if (!Array.isArray(place) || place.length !== 2 || typeof radius !== 'number') return null;
  const [longitude, latitude] = place;
  if (!isDegrees(longitude, 180) || !isDegrees(latitude, 90)) return null;
  return { value: { longitude, latitude, radiusKm: unit === 'mi' ? radius * KM_PER_MILE : radius } };
}

/** How a selection's items are ordered. Random ones are drawn for each message from those that were read. */
export function isRandom({ sort_field, sort_order, filters }: Selection): boolean {
  return (sort_field === null || sort_order === null) && !filters.some(({ operator }) => operator.startsWith('geo '));
}

export interface SelectionQuery {
  catalog: ItemCatalog;
  selection: Selection;
  conditions: readonly Condition[];
  /** Most items, and about how many bytes of them. */
  limit: number;
  limitBytes: number;
}

export interface SelectedItem extends StoredItem {
  bytes: number;
}

/** Reads the items of a selection. Looks at all items of the catalog. Fewer come if they are larger than the limit. */
export async function readSelected(db: Db, query: SelectionQuery): Promise<SelectedItem[]> {
  const { catalog, conditions, limit, limitBytes } = query;
  const matches = conditions.map(sqlOf);
  const rows = await db.query<{ item_id: string; bytes: number; data: StoredItem['data'] }>(sql`
    with chosen as (
      select i.item_id, i.bytes, row_number() over (order by ${orderOf(query)}) as place
        from catalog_items i
       where i.catalog_id = ${catalog.id} ${matches.length === 0 ? raw('') : sql`and ${joinSql(matches, ' and ')}`}
       order by place
       limit ${limit}
    ), measured as (
      select item_id, bytes, place,
             sum(bytes) over (order by place rows between unbounded preceding and 1 preceding) as bytes_before
        from chosen
    )
    select m.item_id, m.bytes, i.data
      from measured m
      join catalog_items i on i.catalog_id = ${catalog.id} and i.item_id = m.item_id
     where m.bytes_before is null or m.bytes_before < ${limitBytes}
     order by m.place`);
  return rows.map(({ item_id, bytes, data }) => ({ itemId: item_id, bytes, data }));
}

/** The field's value as JSON. SQL null: the item has none. */
function jsonOf({ token }: Field): Sql {
  return sql`(i.data -> ${String(token)})`;
}

function textOf({ token, name }: Field): Sql {
  return name === 'id' ? sql`i.item_id` : sql`(i.data ->> ${String(token)})`;
}

function sqlOf({ field, operator, value }: Condition): Sql {
  const [json, text] = [jsonOf(field), textOf(field)];
  switch (`${field.type} ${operator}`) {
    case 'string equals':
      return sql`${text} = ${value}::text`;
    case 'string does not equal':
      return sql`${text} is distinct from ${value}::text`;
    case 'number equals':
      return sql`${json}::numeric = ${value}::numeric`;
    case 'number does not equal':
      return sql`${json}::numeric is distinct from ${value}::numeric`;
    case 'number greater than':
      return sql`${json}::numeric > ${value}::numeric`;
    case 'number less than':
      return sql`${json}::numeric < ${value}::numeric`;
    case 'boolean is':
      return sql`${json}::boolean = ${value}::boolean`;
    case 'time before':
      return sql`${text} collate "C" < ${value}::text`;
    case 'time after':
      return sql`${text} collate "C" > ${value}::text`;
    case 'array includes value':
      return sql`coalesce(${json} ? ${value}::text, false)`;
    case 'array does not include value':
      return sql`not coalesce(${json} ? ${value}::text, false)`;
    case 'geo geo within':
      return sql`${distanceKm(field, value as Area)} <= ${(value as Area).radiusKm}`;
    case 'geo geo outside':
      return sql`${distanceKm(field, value as Area)} > ${(value as Area).radiusKm}`;
    default:
      throw new Error(`no such comparison: ${field.type} ${operator}`);
  }
}

interface Area {
  longitude: number;
  latitude: number;
  radiusKm: number;
}

const EARTH_DIAMETER_KM = 12_742;

/** Distance on a sphere, by haversines. SQL null: the item has no place, which `least` would ignore. */
function distanceKm(field: Field, { longitude, latitude }: Area): Sql {
  const [lon, lat] = [sql`(${jsonOf(field)} ->> 0)::float8`, sql`(${jsonOf(field)} ->> 1)::float8`];
  return sql`(case when ${jsonOf(field)} is not null then ${EARTH_DIAMETER_KM}::float8 * asin(least(1, sqrt(
    sind((${lat} - ${latitude}::float8) / 2) ^ 2
    + cosd(${latitude}::float8) * cosd(${lat}) * sind((${lon} - ${longitude}::float8) / 2) ^ 2))) end)`;
}

/** Items without a value come last; equal ones in the order of their creation. */
function orderOf({ catalog, selection, conditions }: SelectionQuery): Sql {
  const near = conditions.find(({ field }) => field.type === 'geo');
  if (near !== undefined) return sql`${distanceKm(near.field, near.value as Area)} nulls last, i.ordinal`;
  const field = fieldNamed(catalog.fields, selection.sort_field ?? '');
  if (field === undefined || isRandom(selection)) return raw('random()');
  const direction = selection.sort_order === 'desc' ? raw('desc') : raw('asc');
  const value = field.type === 'number' ? sql`${jsonOf(field)}::numeric` : sql`${textOf(field)} collate "C"`;
  return sql`${value} ${direction} nulls last, i.ordinal`;
}
