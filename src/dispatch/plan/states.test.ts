import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { testDatabase } from '../../../test/support/database.ts';
import type { Db } from '../../db/database.ts';
import { type Sql, sql } from '../../db/sql.ts';
import { isDataError } from '../../db/sqlstates.ts';
import { v7 } from '../../lib/uuid.ts';
import { replayable } from './replay-filter.ts';
import { dispatchMoves, dispatchStates, sendMoves, sendStatuses } from './states.ts';

const now = new Date('2026-03-15T12:00:00Z');

/** Tests the day's partition, which housekeeping adds, and the default one, which is used without it. */
for (const partition of ['the default partition', 'a partition of its day']) {
  test(`in ${partition}, a send makes every allowed move and no other`, async (t) => {
    const { db } = await testDatabase(t);
    if (partition !== 'the default partition') await db.run(sql`select make_daily_partitions('2026-03-15', 1)`);
    const id = v7(now);
    for (const from of sendStatuses) {
      for (const to of sendStatuses) {
        await db.run(sql`delete from sends`);
        await db.run(sql`
          insert into sends (bucket, dispatch_id, user_id, channel, status, updated_at)
          values (1, ${id}, 1, 'email', ${from}, ${now})`);
        const move = sql`update sends set status = ${to} where dispatch_id = ${id}`;
        await expectMove(db, move, { what: 'send', from, to, isAllowed: sendMoves[from].includes(to) });
      }
    }
  });

  test(`in ${partition}, a dispatch makes every allowed move and no other`, async (t) => {
    const { db, workspaceId } = await testDatabase(t);
    if (partition !== 'the default partition') await db.run(sql`select make_daily_partitions('2026-03-15', 1)`);
    for (const from of dispatchStates) {
      for (const to of dispatchStates) {
        const id = v7(now);
        await db.run(sql`
          insert into dispatches (id, workspace_id, accepted_at, lane, state, request, open_tasks)
          values (${id}, ${workspaceId}, ${now}, 0, ${from}, '{}', 0)`);
        const move = sql`update dispatches set state = ${to} where id = ${id}`;
        await expectMove(db, move, { what: 'dispatch', from, to, isAllowed: dispatchMoves[from].includes(to) });
      }
    }
  });
}

interface Move {
  what: string;
  from: string;
  to: string;
  isAllowed: boolean;
}

/** Keeping the state is not a move: other columns may be written in any state. */
async function expectMove(db: Db, move: Sql, { what, from, to, isAllowed }: Move): Promise<void> {
  if (isAllowed || from === to) assert.equal(await db.run(move), 1, `${from} → ${to}`);
  else
    await assert.rejects(db.run(move), (error: Error) => {
      assert.equal(error.message, `a ${what} may not go from ${from} to ${to}`);
      assert.ok(isDataError(error), 'the statement is at fault, not the database');
      return true;
    });
}

test('the replayable statuses are those that may become pending again, except `sending`', () => {
  const back = sendStatuses.filter((status) => sendMoves[status].includes('pending') && status !== 'sending');
  assert.deepEqual(back.sort(), [...replayable].sort());
});

test('ARCHITECTURE.md shows every move', () => {
  const page = readFileSync(new URL('../../../ARCHITECTURE.md', import.meta.url), 'utf8');
  for (const [name, moves] of [
    ['dispatch', dispatchMoves],
    ['send', sendMoves],
  ] as const) {
    const shown = (to: readonly string[]) => to.map((one) => `\`${one}\``).join(' ') || 'nothing else';
    const rows = Object.entries(moves).map(([from, to]) => `| \`${from}\` | ${shown(to)} |`);
    const table = [`| a ${name} that is | may become |`, '|---|---|', ...rows].join('\n');
    assert.ok(page.includes(table), `expected in ARCHITECTURE.md:\n${table}`);
  }
});
