import { createHmac, type KeyObject } from 'node:crypto';
import { stringify } from 'yaml';
import { isObject } from '../../lib/raw/json.ts';
import { deriveKey, type Secret } from '../secrets.ts';
import type { Definitions } from './definitions.ts';
import { Hidden, type HiddenPart } from './hidden.ts';

/** A variable of an exported file, in the place of something that it does not show. */
export interface ExportedVariable {
  name: string;
  /** Where it stands, such as `apps[0].apns.key`. */
  path: string;
  /** The text, if it is no secret and only could not stand in a file. null: it is a secret. */
  value: string | null;
}

/** How a variable is written that is a part of a URL, in the comment of the file. */
const IN_URL = '(in a URL: % is %25, @ is %40, : is %3A, / is %2F, # is %23, ? is %3F)';

export interface ExportedFile {
  /** The workspace file as YAML. */
  yaml: string;
  variables: readonly ExportedVariable[];
}

/** Makes a workspace file of the definitions, with `${env:NAME}` for each secret. */
export function renderFile(definitions: Definitions): ExportedFile {
  const names = new Names();
  const variables: ExportedVariable[] = [];
  const inUrls = new Set<ExportedVariable>();
  const file = replaced(definitions, '', (hidden, path) =>
    hidden.show((part) => {
      const name = names.take(part);
      const variable = { name, path, value: hidden.isSecret ? null : part.value };
      variables.push(variable);
      if (hidden.isPartlyShown) inUrls.add(variable);
      return `\${env:${name}}`;
    }),
  );
  const body = stringify(file, { lineWidth: 0, aliasDuplicateObjects: false });
  return { yaml: `${headOf(variables, inUrls)}${body}`, variables };
}

/** A secret as an operator may see it: that it is set, and whether it is the same as another one. */
export interface ShownSecret {
  secret: true;
  /** Eight hex digits, which only this database's servers can compute. null: only a hash of it is stored. */
  digest: string | null;
  /** The text around it. Absent: all of it is secret. */
  shown?: string;
}

/** The definitions with a ShownSecret in the place of each secret. */
export function maskSecrets(definitions: Definitions, secret: Secret): Definitions {
  const key = deriveKey(secret, DIGESTS);
  const shown = replaced(definitions, '', (hidden) => (hidden.isSecret ? maskOf(hidden, key) : hidden.show(textOf)));
  return shown as Definitions;
}

/** Eight hex digits that stand for a secret. null: only a hash of it is stored. */
export function digestOfSecret({ value }: Hidden, secret: Secret): string | null {
  return value === null ? null : digestOf(value, deriveKey(secret, DIGESTS));
}

/** The definitions with something in the place of each text that is hidden. */
export function replaceHidden(definitions: Definitions, replace: (hidden: Hidden) => unknown): unknown {
  return replaced(definitions, '', replace);
}

const DIGESTS = 'digests of secrets';

function digestOf(value: string, key: KeyObject): string {
  return createHmac('sha256', key).update(value).digest('hex').slice(0, 8);
}

function maskOf(hidden: Hidden, key: KeyObject): ShownSecret {
  const { value } = hidden;
  const digest = value === null ? null : digestOf(value, key);
  return { secret: true, digest, ...(hidden.isPartlyShown && { shown: hidden.show(() => '•••') }) };
}

function textOf({ value }: HiddenPart): string {
  return value ?? '';
}

type Replace = (hidden: Hidden, path: string) => unknown;

/** What the file would take for a reference. */
const REFERENCE = /\$\{(env|file):[^}]*\}/;

function replaced(value: unknown, path: string, replace: Replace): unknown {
  if (value instanceof Hidden) return replace(value, path);
  if (typeof value === 'string')
    return REFERENCE.test(value)
      ? replace(new Hidden([{ value, words: ['text', path] }], { isSecret: false }), path)
      : value;
  if (Array.isArray(value)) return value.map((item, at) => replaced(item, `${path}[${at}]`, replace));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      replaced(member, path === '' ? name : `${path}.${name}`, replace),
    ]),
  );
}

const LONGEST_NAME = 60;

/** Names of variables, each once. */
class Names {
  readonly #taken = new Set<string>();

  take({ words }: HiddenPart): string {
    const plain = words.join('_').normalize('NFKD').toUpperCase();
    const word = plain
      .replace(/[^A-Z0-9]+/g, '_')
      .replace(/^_+|_+$/g, '')
      .slice(0, LONGEST_NAME);
    // Variables of the server itself begin so.
    const base = /^[A-Z]/.test(word) && !word.startsWith('CRESSET_') ? word : `W_${word}`;
    let name = base;
    for (let next = 2; this.#taken.has(name); next += 1) name = `${base}_${next}`;
    this.#taken.add(name);
    return name;
  }
}

/** What must be set before the file is applied. */
function headOf(variables: readonly ExportedVariable[], inUrls: ReadonlySet<ExportedVariable>): string {
  if (variables.length === 0) return '';
  const lines = variables.map((variable) => {
    const { name, path, value } = variable;
    const more = [value === null ? '' : ` = ${JSON.stringify(value)}`, inUrls.has(variable) ? ` ${IN_URL}` : ''];
    return `#   ${name}: ${path}${more.join('')}`;
  });
  return ['# Secrets are not exported. Set these variables before you apply the file:', ...lines, '', ''].join('\n');
}
