import assert from 'node:assert/strict';
import { sql } from '../../src/db/sql.ts';
import type { TestApp } from './app.ts';

/** Moves the clock from attempt to attempt until every send is decided. Returns the verdicts. */
export async function settle<Verdict extends object>(
  app: TestApp,
  verdicts: () => Promise<Verdict[]>,
): Promise<Verdict[]> {
  for (let turns = 0; turns < 60; turns += 1) {
    const found = await verdicts();
    const waiting = found
      .map((verdict): { status?: unknown; next_attempt_at?: unknown } => verdict)
      .filter(({ status }) => status === 'pending' || status === 'sending');
    if (waiting.length === 0) return found;
    const next = Math.min(...waiting.map(({ next_attempt_at }) => Date.parse(String(next_attempt_at)) || 0));
    app.clock.advance(Math.max(1_000, next - app.clock.now().getTime()));
    await app.drain();
  }
  return assert.fail(JSON.stringify(await verdicts()));
}

/** Waits until all that came back is applied. What came before its send was recorded is looked at again a moment later. */
export async function untilApplied(app: TestApp): Promise<void> {
  const waits = () => app.db.maybeOne(sql`select 1 from feedback_events where place is null limit 1`);
  for (let turns = 0; turns < 20 && (await waits()) !== null; turns += 1) {
    app.clock.advance(1_000);
    await app.drain();
  }
}
