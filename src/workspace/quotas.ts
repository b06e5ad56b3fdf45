import type { Database } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import { announceChange, findWorkspace } from './workspaces.ts';

/** The most that a workspace may use, as the host of the server says. A member that is absent: any number. */
export interface Quotas {
  /** Messages in a day of UTC. */
  sendsPerDay?: number;
  /** Requests of all its keys together. */
  requestsPerMinute?: number;
}

/** Quotas as they are stored: the words of the command line. */
export interface StoredQuotas {
  sends_per_day?: number;
  requests_per_minute?: number;
}

/** New quotas. null takes one away. A member that is absent stays. */
export type QuotaChange = { [K in keyof Quotas]?: number | null };

/** undefined: there are none. */
export function quotasFrom({ sends_per_day, requests_per_minute }: StoredQuotas): Quotas | undefined {
  const quotas = {
    ...(sends_per_day !== undefined && { sendsPerDay: sends_per_day }),
    ...(requests_per_minute !== undefined && { requestsPerMinute: requests_per_minute }),
  };
  return Object.keys(quotas).length === 0 ? undefined : quotas;
}

/** Changes the quotas of the workspace with this name, and returns all of them. Throws WorkspaceNameError. */
export function changeQuotas(db: Database, name: string, change: QuotaChange): Promise<Quotas> {
  return db.transaction(async (tx) => {
    const id = await findWorkspace(tx, name);
    const given = { sends_per_day: change.sendsPerDay, requests_per_minute: change.requestsPerMinute };
    const { quotas } = await tx.one<{ quotas: StoredQuotas }>(sql`
      update workspaces
         set quotas = jsonb_strip_nulls(quotas || ${JSON.stringify(given)}::jsonb)
       where id = ${id}
      returning quotas`);
    await announceChange(tx);
    return quotasFrom(quotas) ?? {};
  });
}
