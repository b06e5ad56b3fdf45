import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse } from 'yaml';
import { audienceChecks } from '../audience/grammar/check-filter.ts';
import { groupProviderKinds, pushProviderKinds } from '../channels/providers.ts';
import { isObject } from '../lib/raw/json.ts';
import { readWorkspaceFile, WorkspaceFileError } from '../workspace/file/file.ts';
import type { WorkspaceFile } from '../workspace/file/file-shape.ts';
import type { CressetOptions } from './cresset.ts';

export interface Definitions {
  /** For errors: the path of the file, or `workspace`. */
  path: string;
  file: WorkspaceFile;
}

/** Reads what an operator defines, without what would send something out. null: nothing is. Throws WorkspaceFileError. */
export function readDefinitions({ workspace }: CressetOptions): Definitions | null {
  if (workspace === undefined) return null;
  const path = typeof workspace === 'string' ? resolve(workspace) : 'workspace';
  const given = typeof workspace === 'string' ? parse(readText(path)) : workspace;
  // JSON is YAML, too.
  const source = JSON.stringify(withoutProviders(given ?? {}));
  return { path, file: readWorkspaceFile(source, { path, env: process.env }, audienceChecks.checkFilter) };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new WorkspaceFileError(path, [`the file cannot be read (${Object(error).code ?? error})`]);
  }
}

/** Everything without a provider goes to the sandbox. Values of a wrong shape stay: their reader reports them. */
function withoutProviders(file: unknown): unknown {
  if (!isObject(file)) return file;
  const { apps, subscription_groups, email, webhook, event_webhooks: _, ...rest } = file;
  return {
    ...rest,
    ...(apps !== undefined && { apps: eachWithout(apps, pushProviderKinds) }),
    ...(subscription_groups !== undefined && {
      subscription_groups: eachWithout(subscription_groups, groupProviderKinds),
    }),
    ...(email !== undefined && { email: without(email, ['smtp', 'dkim', 'events']) }),
    ...(webhook !== undefined && { webhook: without(webhook, ['deliver']) }),
  };
}

function eachWithout(list: unknown, names: readonly string[]): unknown {
  return Array.isArray(list) ? list.map((item) => without(item, names)) : list;
}

function without(value: unknown, names: readonly string[]): unknown {
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)));
}
