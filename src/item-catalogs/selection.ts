/** A comparison with a field's value. `value` may hold Liquid. */
export interface SelectionFilter {
  field: string;
  operator: string;
  value: unknown;
}

/** A saved query of a catalog, as its caller gave it. Absent members are null. Source: catalogs.md §5. */
export interface Selection {
  name: string;
  description: string | null;
  external_id: string | null;
  source: string | null;
  filters: readonly SelectionFilter[];
  results_limit: number;
  sort_field: string | null;
  sort_order: 'asc' | 'desc' | null;
}
