import { generateKeyPairSync } from 'node:crypto';
import type { Push, PushOutcome, PushSender, PushSenderOptions } from '../../src/channels/push/sender.ts';
import type { PushSenders } from '../../src/channels/push/senders.ts';
import { sql } from '../../src/db/sql.ts';
import type { TestApp } from './app.ts';

export const IOS = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
export const IPAD = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a12';
export const SANDBOXED = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a13';
export const FIRE = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a14';

const pem = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' });

/** Provider settings of an iOS app, as YAML. */
export function apns(keyId = 'K1', more: Record<string, unknown> = {}): string {
  return JSON.stringify({ team_id: 'T1', key_id: keyId, key: pem, topic: 'com.acme', ...more });
}

export const workspace = (settings = apns()) => `apps:
  - { id: ${IOS}, name: iPhone, platform: ios, apns: ${settings} }
`;

/** Writes people with one device each, whose token is the app's id followed by their external id. */
export async function givenCrowd(
  { db, workspaceId }: Pick<TestApp, 'db' | 'workspaceId'>,
  count: number,
  appId = IOS,
  platform: 'ios' | 'android' | 'kindle' = 'ios',
): Promise<void> {
  await db.run(sql`
    with numbered as (select nextval('user_ids') as user_id, n from generate_series(1, ${count}::integer) as n),
    people as (
      insert into profiles (bucket, user_id, workspace_id, external_id)
      select bucket_of(user_id), user_id, ${workspaceId}, 'c' || user_id from numbered
      returning bucket, user_id, external_id
    )
    insert into push_targets (bucket, user_id, app_id, token, platform, device_id)
    select bucket, user_id, ${appId}, ${appId} || external_id, ${platform}, external_id from people`);
}

export interface PushCall {
  token: string;
  pushId: string;
  keyId: string;
  push: Push;
}

/** A push provider that gives the answers that the test has set for each token. */
export interface ScriptedProvider {
  senders: PushSenders;
  calls: PushCall[];
  /** Sets the outcomes of the next calls for a token. The last one repeats. */
  answer(token: string, ...outcomes: PushOutcome[]): void;
  /** Sets the outcome of calls for all other tokens. */
  usually(outcome: (call: PushCall) => PushOutcome): void;
  /** Makes calls wait until they are released. */
  hold(): { release(): void };
  /** Resolves once this many calls have been made in total. */
  called(count: number): Promise<void>;
  /** Most calls under way at once so far. */
  most(): number;
}

export function scriptedProvider(): ScriptedProvider {
  const calls: PushCall[] = [];
  const scripts = new Map<string, PushOutcome[]>();
  const watchers: { count: number; resolve(): void }[] = [];
  let usual: (call: PushCall) => PushOutcome = ({ token }) => ({ kind: 'accepted', providerId: `id of ${token}` });
  let gate: Promise<void> | null = null;
  let underWay = 0;
  let most = 0;

  const maker = ({ settings }: PushSenderOptions): PushSender => ({
    async deliver(push) {
      const call = {
        token: push.token,
        pushId: push.pushId,
        keyId: 'key_id' in settings ? String(settings.key_id) : '',
        push,
      };
      calls.push(call);
      for (const { count, resolve } of watchers) if (calls.length >= count) resolve();
      underWay += 1;
      most = Math.max(most, underWay);
      await gate;
      const script = scripts.get(push.token);
      const [next] = script ?? [];
      if (script !== undefined && script.length > 1) script.shift();
      await new Promise(setImmediate); // as with any answer from the network
      underWay -= 1;
      return next ?? usual(call);
    },
    close: () => Promise.resolve(),
  });

  return {
    senders: { apns: maker, fcm: maker, adm: maker, vapid: maker },
    calls,
    answer: (token, ...outcomes) => void scripts.set(token, outcomes),
    usually: (outcome) => {
      usual = outcome;
    },
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return {
        release() {
          gate = null;
          resolve();
        },
      };
    },
    called: (count) =>
      new Promise((resolve) => {
        if (calls.length >= count) resolve();
        else watchers.push({ count, resolve });
      }),
    most: () => most,
  };
}
