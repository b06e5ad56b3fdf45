import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import type { Page } from '../page.ts';

/** For load balancers: 200 while the database answers. */
export function healthPage(db: Db): Page {
  return {
    method: 'GET',
    path: '/health',
    async handle() {
      await db.one(sql`select 1 as alive`);
      return { status: 200, type: 'application/json', body: '{"message":"success"}' };
    },
  };
}
