import { InvalidArgumentError } from 'commander';
import type { ForeignOptions, ForeignSystem } from '../people/import/from/foreign.ts';
import { systems } from '../people/import/from/systems.ts';
import { UsageError } from './usage-error.ts';

/** The options of `cresset users import` that say whose export a file is. */
interface FromOptions {
  from?: ForeignSystem | 'cresset';
  app?: ReadonlyMap<string, string>;
  smsGroup?: string;
  records: string;
}

/** What is known of the file. `cells`: the options for cells that were given, but for the delimiter. */
interface FileFacts {
  format: 'ndjson' | 'csv';
  isZip: boolean;
  cells: readonly string[];
}

/** How the exports of another system are read. null: the file is none. Throws UsageError. */
export function readForeign(options: FromOptions, { format, isZip, cells }: FileFacts): ForeignOptions | null {
  const { from, app, smsGroup, records } = options;
  if (from === undefined || from === 'cresset') {
    const without = [...(app === undefined ? [] : ['--app']), ...(smsGroup === undefined ? [] : ['--sms-group'])];
    if (without.length > 0) throw new UsageError(`${without.join(', ')}: only with --from, for exports`);
    return null;
  }
  const { title, columns } = systems[from];
  const refused = [...cells, ...(records === 'attributes' ? [] : ['--records'])];
  if (refused.length > 0)
    throw new UsageError(`${refused.join(', ')}: not with --from, which says how to read records`);
  if (format === 'csv' && columns === null)
    throw new UsageError(`--from ${from}: exports of ${title} are JSON, not CSV`);
  if (isZip && from !== 'braze') throw new UsageError(`--from ${from}: a zip is read only of Braze; unpack it first`);
  return { system: from, apps: app ?? new Map(), smsGroup: smsGroup ?? null };
}

/** The option may be repeated: the apps add up. */
export function readAppOption(text: string, before: Map<string, string> = new Map()): Map<string, string> {
  const at = text.lastIndexOf('=');
  const [name, id] = [text.slice(0, at).trim(), text.slice(at + 1).trim()];
  if (at < 1 || name === '' || id === '') throw new InvalidArgumentError('expected name=id, the id that of an app.');
  return new Map([...before, [name, id]]);
}
