import { HOLE, textsOf } from './texts.ts';

/**
 * The only folder of src/ that writes each table. Other folders call its functions or use its fragments. A table of schema.sql
 * that is not listed is refused, so a new one must get its owner here first. Partitions belong to their table.
 */
export const owners: Readonly<Record<string, string>> = {
  active_days: 'src/people',
  active_people: 'src/people',
  activity_hours: 'src/people',
  activity_log: 'src/dispatch/ledger',
  activity_totals: 'src/people',
  alert_messages: 'src/alerts',
  alert_troubles: 'src/alerts',
  alert_watch: 'src/alerts',
  address_claims: 'src/dispatch/ledger',
  addresses: 'src/people',
  api_keys: 'src/workspace',
  app_calls: 'src/dispatch/push',
  app_uninstalls: 'src/people',
  applied_files: 'src/workspace',
  apps: 'src/workspace',
  audit_records: 'src/operators',
  call_quotas: 'src/dispatch/accounts',
  blocked_attributes: 'src/workspace',
  campaign_day_totals: 'src/dispatch/ledger',
  campaign_days: 'src/dispatch/ledger',
  campaigns: 'src/workspace',
  cap_slots: 'src/dispatch/ledger',
  cards: 'src/cards',
  content_blocks: 'src/content',
  content_texts: 'src/content',
  catalog_items: 'src/item-catalogs',
  consent_changes: 'src/people',
  deleted_addresses: 'src/people',
  dispatch_starts: 'src/dispatch/ledger',
  dispatches: 'src/dispatch/ledger',
  edited_definitions: 'src/workspace',
  email_templates: 'src/content',
  event_deliveries: 'src/feedback',
  event_retries: 'src/feedback',
  event_webhooks: 'src/workspace',
  events: 'src/people',
  feedback_days: 'src/dispatch/ledger',
  feedback_events: 'src/feedback',
  frozen_sets: 'src/dispatch/control',
  frequency_caps: 'src/workspace',
  idempotency_keys: 'src/dispatch/accept',
  import_batches: 'src/people/import',
  imports: 'src/people/import',
  item_catalogs: 'src/item-catalogs',
  item_totals: 'src/item-catalogs',
  media_files: 'src/media-library',
  media_totals: 'src/media-library',
  moved_sends: 'src/dispatch/ledger',
  listed_people: 'src/dispatch/ledger',
  listed_refusals: 'src/dispatch/ledger',
  message_variations: 'src/workspace',
  names_in_use: 'src/people',
  pauses: 'src/dispatch/pauses',
  operator_identities: 'src/operators',
  operator_sessions: 'src/operators',
  operator_workspaces: 'src/operators',
  operators: 'src/operators',
  preference_centers: 'src/workspace',
  profiles: 'src/people',
  provider_messages: 'src/dispatch/ledger',
  purchases: 'src/people',
  push_targets: 'src/people',
  push_token_owners: 'src/people',
  rate_windows: 'src/dispatch/accept',
  received_totals: 'src/people',
  recipient_list_chunks: 'src/dispatch/ledger',
  recipient_lists: 'src/dispatch/ledger',
  refused_people: 'src/dispatch/ledger',
  sandbox_messages: 'src/dispatch/ledger',
  saved_views: 'src/operators',
  sealing_secret: 'src/workspace',
  segment_export_chunks: 'src/exports',
  segment_exports: 'src/exports',
  segment_sizes: 'src/audience',
  segments: 'src/workspace',
  send_feedback: 'src/dispatch/ledger',
  short_links: 'src/feedback',
  send_ids: 'src/dispatch/accept',
  send_totals: 'src/dispatch/upkeep',
  sent_days: 'src/dispatch/ledger',
  sends: 'src/dispatch/ledger',
  session_days: 'src/people',
  spent_sign_ins: 'src/operators',
  subscription_groups: 'src/workspace',
  subscription_states: 'src/people',
  tasks: 'src/queue',
  token_removals: 'src/people',
  user_names: 'src/people',
  waiting_group_states: 'src/people',
  whats_app_windows: 'src/people',
  workers: 'src/queue',
  workspaces: 'src/workspace',
};

/** A file of src/. */
export interface SourceFile {
  path: string;
  source: string;
}

export interface House {
  schema: string;
  owners: Readonly<Record<string, string>>;
  files: readonly SourceFile[];
}

/** One sentence for each writer that is not the owner, and for each table without an owner. */
export function findProblems({ schema, owners, files }: House): string[] {
  const tables = tablesOf(schema);
  const written = files.flatMap(({ path, source }) => {
    if (path.endsWith('.test.ts')) return [];
    return writesOf(source).flatMap((write) => problemOf(write, path, tables, owners) ?? []);
  });
  const unowned = [...tables].filter((table) => !Object.hasOwn(owners, table));
  const unknown = Object.keys(owners).filter((table) => !tables.has(table));
  return [
    ...written,
    ...unowned.map((table) => `schema.sql: ${table} has no owner yet; give it one in scripts/writers.ts`),
    ...unknown.map((table) => `scripts/writers.ts: schema.sql has no table ${table}`),
  ];
}

function problemOf(
  { name, line, isSql }: Write,
  path: string,
  tables: ReadonlySet<string>,
  owners: House['owners'],
): string | null {
  const base = name?.replace(/_default$/, '') ?? '';
  const table = tables.has(base) ? base : null;
  // Prose may say "update the …".
  if (table === null)
    return isSql ? `${path}:${line}: expected the name of a table of schema.sql, got ${name ?? 'an expression'}` : null;
  const owner = owners[table];
  if (owner === undefined || path.startsWith(`${owner}/`)) return null;
  return `${path}:${line}: only ${owner} may write ${table}`;
}

/** Partitions are not listed: they belong to the table whose name they begin with. */
function tablesOf(schema: string): Set<string> {
  const names = [...schema.matchAll(/^create (?:unlogged )?table (\w+)/gm)].map(([, name = '']) => name);
  return new Set(names.filter((name) => !name.endsWith('_default')));
}

interface Write {
  /** Name of the table. null: the SQL does not spell it out. */
  name: string | null;
  /** Number of the line, from 1. */
  line: number;
  isSql: boolean;
}

/** A table's name and what may precede it. HOLE or the end of a text: the name is not spelled out. */
const table = String.raw`(?:\s*$|\s+(?:only\s+)?(?:"?public"?\s*\.\s*)?(?:"?(?<name>[a-z_]\w*)"?|${HOLE}))`;
/** `for update`, `for no key update` and `on conflict … do update` write nothing by themselves. `copy … to` only reads. */
const verbs = [
  String.raw`\b(?:insert|merge)\s+into${table}`,
  String.raw`\bdelete\s+from${table}`,
  String.raw`(?<!\b(?:for|key|do)\s+)\bupdate${table}`,
  String.raw`\btruncate(?:\s+table)?${table}`,
  String.raw`(?<=\btruncate\s[^;]*,)${table}`,
  String.raw`\bcopy${table}(?=\s*(?:\([^)]*\)\s*)?\bfrom\b)`,
].map((pattern) => new RegExp(pattern, 'gi'));

function writesOf(source: string): Write[] {
  return textsOf(source).flatMap(({ at, text, isSql }) => {
    const statement = withoutRemarks(text);
    return verbs.flatMap((verb) =>
      [...statement.matchAll(verb)].map((match): Write => {
        const line = source.slice(0, at + match.index).split('\n').length;
        return { name: match.groups?.name?.toLowerCase() ?? null, line, isSql };
      }),
    );
  });
}

/** Blanks the comments and literals of SQL. */
function withoutRemarks(text: string): string {
  return text.replace(/--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'/g, (remark) => remark.replace(/[^\n]/g, ' '));
}
