import { stringify } from 'yaml';
import type { Db } from '../../db/database.ts';
import { isObject, own } from '../../lib/raw/json.ts';
import { Problems } from '../../lib/raw/problems.ts';
import { type Definitions, definitionsIn } from '../export/definitions.ts';
import { digestOfSecret, maskSecrets, replaceHidden } from '../export/render.ts';
import { parseYaml, type ReadYaml, WorkspaceFileError } from '../file/file.ts';
import type { Secret } from '../secrets.ts';
import { keepSecrets, placeholderOf } from './kept-secrets.ts';

/** Sections whose entries are edited one by one, by their ids, and the kind of thing that a plan calls them. */
export const listSections = { apps: 'app', subscription_groups: 'subscription_group' } as const;

/** Sections that are edited as a whole. Segments and keys have calls of their own, campaigns are those of files. */
export const wholeSections = [
  ...['email', 'webhook', 'connected_content', 'tracking', 'audience', 'requests', 'liquid', 'schedules', 'users'],
  ...['tags', 'item_catalogs', 'media_library', 'frequency_caps', 'quiet_hours', 'events', 'event_webhooks'],
  'rate_limits',
] as const;

/** The workspace's name and time zone, which are one thing. */
export const OF_WORKSPACE = ['name', 'time_zone'] as const;

/** A definition that is edited by itself, as a plan names it. */
export interface Editable {
  what: string;
  /** null: there is only one of its kind. */
  id: string | null;
}

/** The definition alone in the form of a workspace file. Secrets are Hidden. null: it is not set, or there is none. */
export function definitionOf(definitions: Definitions, { what, id }: Editable): Definitions | null {
  if (what === 'workspace') return { name: definitions.name, time_zone: definitions.time_zone };
  const section = Object.entries(listSections).find(([, kind]) => kind === what)?.[0];
  if (section === undefined) {
    const value = own(definitions, what);
    return value === undefined ? null : { [what]: value };
  }
  const entries = own(definitions, section);
  const found = Array.isArray(entries) ? entries.find((one) => isObject(one) && one.id === id) : undefined;
  return found === undefined ? null : { [section]: [found] };
}

/** The text of a definition, with a digest in the place of each secret. */
export function textOfDefinition(definition: Definitions, secret: Secret): string {
  const shown = replaceHidden(definition, (hidden) =>
    hidden.isSecret
      ? hidden.show(() => placeholderOf(digestOfSecret(hidden, secret)))
      : hidden.show(({ value }) => value ?? ''),
  );
  return stringify(shown, { lineWidth: 0, aliasDuplicateObjects: false });
}

/** An edited text of definitions. */
export interface EditedText {
  /** The definitions that it asks for, with the secrets that stay. Throws WorkspaceFileError. */
  given(tx: Db, of: { workspaceId: number; secret: Secret }): Promise<unknown>;
  /** What the text names, as it is stored, without secrets. */
  shown(tx: Db, of: { workspaceId: number; secret: Secret }): Promise<Definitions>;
  /** The same problem with its line, if it has one. */
  placed(problem: string): string;
}

const editable: readonly string[] = [...Object.keys(listSections), ...wholeSections, ...OF_WORKSPACE];

/** Reads a text in the form of a workspace file. Throws WorkspaceFileError. `from`: where it comes from, for errors. */
export function readEditedText(source: string, from: string): EditedText {
  const yaml = parseYaml(source, from);
  const value = yaml.toJS() ?? {};
  if (!isObject(value)) throw new WorkspaceFileError(from, ['expected sections of a workspace file']);
  const others = Object.keys(value).filter((name) => !editable.includes(name));
  const placed = (problem: string) => withLine(problem, yaml);
  if (others.length > 0)
    throw new WorkspaceFileError(
      from,
      others.map((name) => placed(`${name.slice(0, 60)}: is not edited here; ${editable.join(', ')} are`)),
    );
  return {
    placed,
    async given(tx, { workspaceId, secret }) {
      const stored = await definitionsIn(tx, workspaceId, secret, { withoutContent: true });
      const problems = new Problems();
      const kept = keepSecrets(value, stored, { digestOf: (one) => digestOfSecret(one, secret), problems });
      if (problems.texts.length > 0) throw new WorkspaceFileError(from, problems.texts);
      return kept;
    },
    async shown(tx, { workspaceId, secret }) {
      const stored = await definitionsIn(tx, workspaceId, secret, { withoutContent: true });
      return maskSecrets(namedIn(value, stored), secret);
    },
  };
}

/** Of what is stored, what the text names. */
function namedIn(value: Readonly<Record<string, unknown>>, stored: Definitions): Definitions {
  const members = Object.entries(value).map(([section, given]) => {
    const found = own(stored, section) ?? null;
    if (!Object.hasOwn(listSections, section) || !Array.isArray(given) || !Array.isArray(found))
      return [section, found];
    const ids = new Set(given.map((one) => String(Object(one).id).toLowerCase()));
    return [section, found.filter((one) => ids.has(String(Object(one).id)))];
  });
  return Object.fromEntries(members);
}

/** Adds the line of the innermost thing of the problem's path that is there. */
function withLine(problem: string, yaml: ReadYaml): string {
  const [, path = ''] = /^([\w$-]+(?:\.[\w$-]+|\[\d+\])*)(?=:|\s)/.exec(problem) ?? [];
  const parts = [...path.matchAll(/([\w$-]+)|\[(\d+)\]/g)].map(([, name, at]) => name ?? Number(at));
  for (let length = parts.length; length > 0; length -= 1) {
    const line = yaml.lineOf(parts.slice(0, length));
    if (line !== null) return `${problem} (line ${line})`;
  }
  return problem;
}
