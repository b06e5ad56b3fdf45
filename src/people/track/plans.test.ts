import assert from 'node:assert/strict';
import test from 'node:test';
import { testDatabase } from '../../../test/support/database.ts';
import { workspaceOf } from '../../../test/support/people.ts';
import type { Db } from '../../db/database.ts';
import { raw, sql } from '../../db/sql.ts';
import { applyTrack } from './apply.ts';
import { readLists, readTrack } from './request.ts';
import { createWriter } from './writer.ts';

/** A node of a plan, in the words of `explain`. */
interface Node {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Cond'?: string;
  'Recheck Cond'?: string;
  'One-Time Filter'?: string;
  Plans?: Node[];
}

/** What an index must be asked for, so that it finds few rows. */
const narrow: Readonly<Record<string, RegExp>> = {
  profiles: /user_id|lower\(email\)|phone/,
  user_names: /\bname\b/,
  addresses: /\baddress\b/,
  deleted_addresses: /\bhash\b/,
};

/** Asks whether there is any row, and stops at the first. An index must give it one by one, by any condition. */
const ANY = 'remembers_any';

/** The nodes that a PostgreSQL of this version runs. */
function nodesOf(node: Node, version: number): Node[] {
  const [, sign, bound] = /server_version_num.*(<|>=) (\d+)/.exec(node['One-Time Filter'] ?? '') ?? [];
  if (sign !== undefined && version < Number(bound) !== (sign === '<')) return [];
  return [node, ...(node.Plans ?? []).flatMap((part) => nodesOf(part, version))];
}

/** The plans that the connection keeps, by the names of the statements. */
async function keptPlans(tx: Db): Promise<Map<string, Node[]>> {
  const kept = await tx.query<{ name: string; types: string[] }>(sql`
    select name, parameter_types::text[] as types
      from pg_prepared_statements
     where statement ~ '^\\s*(with|select|insert|update|delete)\\M'`);
  const { version } = await tx.one<{ version: number }>(sql`
    select current_setting('server_version_num')::integer as version`);
  const plans = new Map<string, Node[]>();
  for (const { name, types } of kept) {
    const values = types.map((type) => `null::${type}`).join(', ');
    const call = types.length === 0 ? name : `${name}(${values})`;
    const [row] = await tx.query<{ 'QUERY PLAN': [{ Plan: Node }] }>(sql`explain (format json) execute ${raw(call)}`);
    plans.set(name, row === undefined ? [] : nodesOf(row['QUERY PLAN'][0].Plan, version));
  }
  return plans;
}

test('statements that were planned on an empty database find people by an index, one by one', async (t) => {
  const { db, workspaceId } = await testDatabase(t);
  const workspace = workspaceOf(workspaceId);
  const now = new Date();
  const write = createWriter({ db, now: () => now });
  const time = now.toISOString();
  const requestOf = (body: Record<string, unknown>) =>
    readTrack(readLists(body, 'per_array'), { workspace, source: { door: 'api' }, now });
  const person = { external_id: 'ada', email: 'ada@example.test', phone: '+15005550006' };
  for (const body of [
    { attributes: [person] },
    { attributes: [{ ...person, first_name: 'Ada', email_subscribe: 'opted_in' }] },
    { attributes: [{ external_id: 'ada', email_subscribe: 'unsubscribed' }] },
    { attributes: [{ external_id: 'édith', email: 'édith@example.test' }] },
    { events: [{ external_id: 'ada', name: 'opened', time }] },
    { purchases: [{ external_id: 'ada', product_id: 'book', currency: 'EUR', price: 1, time }] },
  ])
    await write({ request: requestOf(body), workspace, sizeBytes: 100 });
  const again = requestOf({ attributes: [person] });
  await db.byKey.transaction((tx) => applyTrack(tx, again, workspace, now)); // no first try

  const plans = await db.byKey.transaction(keptPlans);
  for (const name of [
    'claim_names',
    'claim_names_patiently',
    'lock_people',
    'lock_doers',
    'email_states',
    'email_states_one_by_one',
    'update_profiles',
    'emails_of_people',
  ])
    assert.ok(plans.has(name), `${name} was not prepared on this connection`);
  for (const [name, nodes] of plans) {
    assert.ok(nodes.length > 0, name);
    for (const node of nodes) {
      const { 'Node Type': type, 'Relation Name': table = '' } = node;
      const condition = node['Index Cond'] ?? node['Recheck Cond'] ?? '';
      assert.ok(!/Seq Scan|Hash|Merge|Materialize/.test(type), `${name}: ${type} of ${table}`);
      if (name === ANY) assert.doesNotMatch(type, /Bitmap/, `${name}: ${type} of ${table}`);
      const wanted = type.includes('Scan') && name !== ANY ? narrow[table] : undefined;
      if (wanted !== undefined) assert.match(condition, wanted, `${name}: ${type} of ${table}`);
    }
  }
});
