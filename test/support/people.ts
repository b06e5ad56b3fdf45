import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { noEmailSettings } from '../../src/channels/email/settings.ts';
import type { Database } from '../../src/db/database.ts';
import { sql } from '../../src/db/sql.ts';
import { RequestError } from '../../src/errors.ts';
import { subscriptionRoutes } from '../../src/http/public/subscription/route.ts';
import { identityRoutes } from '../../src/http/public/users/identity-route.ts';
import { userRoutes } from '../../src/http/public/users/route.ts';
import type { Answer, Rate, Route } from '../../src/http/route.ts';
import { type Remark, sentenceOf } from '../../src/people/remarks.ts';
import type { TrackProblem } from '../../src/people/track/request.ts';
import type { Catalog, WorkspaceCatalog } from '../../src/workspace/catalog.ts';
import { testDatabase } from './database.ts';

export const appId = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
export const webAppId = '1d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
export const emailGroup = '2d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
export const smsGroup = '3d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
export const archivedGroup = '4d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
export const start = new Date('2026-03-01T12:00:00.000Z');

export type Body = Record<string, unknown>;

/** The routes under /users and /subscription, with their own database and clock. */
export interface World {
  db: Database;
  routes: readonly Route[];
  workspaceId: number;
  time: { now: Date };
  /** Calls a route, also one with GET, whose body is `{}`. */
  post(path: string, body: Body, query?: URLSearchParams): Promise<Answer>;
  track(body: Body): Promise<Answer>;
  /** Tracks attributes, all of which must be accepted. */
  given(...attributes: Body[]): Promise<void>;
  /** The problem of one bad attributes object. */
  problem(attributes: Body): Promise<string>;
  /** What is left out of an attributes object that is applied without it. */
  left(attributes: Body): Promise<string[]>;
  export(externalId: string): Promise<Body>;
  profile(externalId: string): Promise<Body>;
  count(): Promise<number>;
}

export function workspaceOf(id: number): WorkspaceCatalog {
  const group = (groupId: string, channel: 'email' | 'sms', archived = false) =>
    [groupId, { id: groupId, name: groupId, channel, archived }] as const;
  return {
    id,
    name: 'test',
    timeZone: 'UTC',
    settings: {
      email: { ...noEmailSettings },
      webhook: { deliver: false, allow: [] },
      audience: { missingNumberIsZero: true },
      requests: { keyInBody: false, strictContentType: false },
      schedules: { lateMs: 3_600_000 },
      users: { trackBatch: 'per_array' },
      itemCatalogs: { storageBytes: 2_147_483_648 },
      rateLimits: {},
    },
    apps: new Map([
      [appId, { id: appId, name: 'Acme iOS', platform: 'ios' }],
      [webAppId, { id: webAppId, name: 'Acme Web', platform: 'web' }],
    ]),
    subscriptionGroups: new Map([
      group(emailGroup, 'email'),
      group(smsGroup, 'sms'),
      group(archivedGroup, 'email', true),
    ]),
    segments: new Map(),
    campaigns: new Map([
      [
        'receipts',
        {
          ...{ id: 'receipts', name: 'Receipts', kind: 'api' as const, archived: false, tags: [] },
          ...{ obeysCaps: true, countsTowardCaps: false, variations: new Map() },
        },
      ],
    ]),
    canvases: new Map(),
    frequencyCaps: [],
  };
}

const uncounted: Rate = {
  window: { workspaceId: 0, bucket: 'default', startedAt: 0, endsAt: 0, limit: 0 },
  charge: async () => undefined,
  chargeNarrower: async () => undefined,
  charged: () => undefined,
};

/** `watched`: what the routes use in place of the database. */
export async function startWorld(t: TestContext, watched = (db: Database): Database => db): Promise<World> {
  const { db, workspaceId } = await testDatabase(t);
  const time = { now: start };
  const workspace = workspaceOf(workspaceId);
  const catalog: Catalog = {
    workspace: (id) => (id === workspaceId ? workspace : undefined),
    workspaceOfApp: () => undefined,
    workspaceOfGroup: () => undefined,
    takesKeysInBodies: () => false,
    returnPaths: () => new Set<string>(),
    apiKey: () => undefined,
  };
  const clock = { now: () => time.now, after: () => () => undefined };
  const deps = { db: watched(db), catalog, clock };
  const routes = [...userRoutes(deps), ...identityRoutes(deps), ...subscriptionRoutes(deps)];
  const post = async (path: string, body: Body, query = new URLSearchParams()): Promise<Answer> => {
    const route = routes.find((known) => known.path === path);
    assert.ok(route, path);
    return route.handle({
      workspaceId,
      apiKey: { id: 'key', name: 'key' },
      requestId: 'request',
      body,
      stream: null,
      rawBody: Buffer.from(''),
      params: {},
      query,
      headers: {},
      rate: uncounted,
      span: null,
    });
  };
  const track = (body: Body) => post('/users/track', body);
  return {
    db,
    routes,
    workspaceId,
    time,
    post,
    track,
    async given(...attributes) {
      const answer = await track({ attributes });
      assert.deepEqual(answer, { status: 201, body: { attributes_processed: attributes.length, message: 'success' } });
    },
    async problem(attributes) {
      const answer = await track({ attributes: [attributes] });
      assert.equal(answer.status, 400);
      const { errors } = answer.body as { errors: Remark[] };
      return errors[0] === undefined ? '' : sentenceOf(errors[0]);
    },
    async left(attributes) {
      const { status, body } = await track({ attributes: [attributes] });
      const { attributes_processed, errors = [] } = body as { attributes_processed: number; errors?: TrackProblem[] };
      assert.deepEqual([status, attributes_processed], [201, 1]);
      for (const { input_array, index } of errors) assert.deepEqual([input_array, index], ['attributes', 0]);
      return errors.map(sentenceOf);
    },
    async export(externalId) {
      const answer = await post('/users/export/ids', { external_ids: [externalId] });
      const { users } = answer.body as { users: Body[] };
      return users[0] ?? {};
    },
    profile: (externalId) => db.one(sql`select * from profiles where external_id = ${externalId}`),
    async count() {
      const { total } = await db.one<{ total: number }>(sql`select count(*) as total from profiles`);
      return total;
    },
  };
}

/** Expects that the request is refused with this code and only this error. */
export async function refused(world: World, path: string, body: Body, code: string, error: string): Promise<void> {
  await assert.rejects(world.post(path, body), (thrown: unknown) => {
    assert.ok(thrown instanceof RequestError, String(thrown));
    assert.deepEqual([thrown.code, thrown.errors], [code, [error]]);
    return true;
  });
}

export const newAlias = (alias_name: string, alias_label: string, external_id?: string) => ({
  alias_name,
  alias_label,
  ...(external_id !== undefined && { external_id }),
});
