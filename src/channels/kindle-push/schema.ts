import type { Problems } from '../../lib/raw/problems.ts';
import { compact, Fields, isTemplate, type Templated } from '../fields.ts';
import { readExtra, readPriority, requiredText, toAllApps } from '../push/fields.ts';
import { readUri } from '../push/uris.ts';

/** The object under `kindle_push` in a request. Source: messaging-objects.md §4.1. */
export interface KindlePush {
  alert: string;
  title: string;
  extra?: Record<string, unknown> | undefined;
  message_variation_id?: string | undefined;
  priority?: Templated<number> | undefined;
  collapse_key?: string | undefined;
  sound?: string | undefined;
  custom_uri?: string | undefined;
}

export const MAX_COLLAPSE_KEY_LENGTH = 64;

const elsewhere: ReadonlyMap<string, string> = new Map([['app_id', toAllApps]]);

export function parseKindlePush(raw: Record<string, unknown>, path: string, problems: Problems): KindlePush {
  const fields = new Fields(raw, path, problems);
  fields.explain(elsewhere);
  const collapse_key = fields.text('collapse_key');
  if (collapse_key !== undefined && !isTemplate(collapse_key) && collapse_key.length > MAX_COLLAPSE_KEY_LENGTH) {
    problems.add('range', fields.at('collapse_key'), `expected at most ${MAX_COLLAPSE_KEY_LENGTH} characters`);
  }
  const priority = fields.get('priority');
  return compact({
    alert: requiredText(fields, 'alert'),
    title: requiredText(fields, 'title'),
    extra: readExtra(fields),
    message_variation_id: fields.text('message_variation_id'),
    priority: typeof priority === 'string' && isTemplate(priority) ? priority : readPriority(fields),
    collapse_key,
    sound: fields.text('sound'),
    custom_uri: readUri(fields, 'custom_uri', 'app'),
  });
}
