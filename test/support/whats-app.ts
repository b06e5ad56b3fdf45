import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { sql } from '../../src/db/sql.ts';
import type { FeedbackEvent } from '../../src/feedback/event.ts';
import { startWhatsAppSimulator, type WhatsAppSimulator } from '../../src/simulate/whats-app/whats-app.ts';
import { startTestApp, type TestApp } from './app.ts';
import { settle } from './settle.ts';

export const APP = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
export const CHATS = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a15';
export const OFFERS = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a16';
export const EVERYBODY = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a17';
export const ADA = '+14155550101';
export const HOUR = 3_600_000;

export type Verdict = Record<string, unknown> & { feedback?: Record<string, unknown> };

export const template = {
  message_type: 'template_message',
  message: { template_name: 'order', template_language_code: 'en_US', body_variables: ['{{${user_id}}}'] },
};
export const text = { message_type: 'text_response_message', message: { body: 'Hi {{${user_id}}}' } };

export interface WhatsAppWorld {
  app: TestApp;
  meta: WhatsAppSimulator;
  /** Applies a workspace with two groups that share one number. `settings`: more or other settings of the account. */
  apply(settings?: object): Promise<void>;
  /** Makes people with these numbers, who are subscribed to both groups. */
  people(...numbers: readonly string[]): Promise<void>;
  /** Sends to the person with this number. Returns the id of the dispatch. */
  send(number: string, message?: object, more?: object): Promise<string>;
  verdicts(dispatchId: string): Promise<Verdict[]>;
  /** The only verdict, once everything that came back is applied. */
  verdict(dispatchId: string): Promise<Verdict>;
  /** Moves the clock from one attempt to the next until nothing is pending any more. Returns the verdicts. */
  settle(dispatchId: string): Promise<Verdict[]>;
  /** Waits until the stand-in has posted everything, and it is applied. */
  heard(): Promise<void>;
  stateOf(number: string, group?: string): Promise<string>;
  /** What was taken in, in the order of its commits. */
  events(): Promise<(Pick<FeedbackEvent, 'kind' | 'code' | 'detail' | 'address'> & { outcome: string })[]>;
}

/** The whole server, and a stand-in for Meta that posts to it. */
export async function startWhatsApp(t: TestContext, settings: object = {}): Promise<WhatsAppWorld> {
  const app = await startTestApp(t);
  const meta = await startWhatsAppSimulator({ clock: app.clock });
  app.beforeClose(() => meta.stop());
  meta.callbacks.moveTo(`${app.url}/callbacks/whats_app/${CHATS}`);
  const { phoneNumberId: phone_number_id, accessToken, appSecret, verifyToken } = meta.account;
  const account = { phone_number_id, access_token: accessToken, app_secret: appSecret, verify_token: verifyToken };
  async function waiting(): Promise<number> {
    const { count } = await app.db.one<{ count: number }>(sql`
      select count(*) as count from feedback_events where place is null`);
    return count;
  }
  const world: WhatsAppWorld = {
    app,
    meta,
    apply(more = {}) {
      const whatsapp_cloud = JSON.stringify({ ...account, base_url: meta.url, ...settings, ...more });
      return app.givenWorkspace(`
apps: [{ id: ${APP}, name: iOS, platform: ios }]
subscription_groups:
  - { id: ${CHATS}, name: Chats, channel: whatsapp, whatsapp_cloud: ${whatsapp_cloud} }
  - { id: ${OFFERS}, name: Offers, channel: whatsapp, whatsapp_cloud: ${whatsapp_cloud} }
segments: [{ id: ${EVERYBODY}, name: Everybody, filter: null }]
`);
    },
    async people(...numbers) {
      const subscription_groups = [CHATS, OFFERS].map((subscription_group_id) => ({
        ...{ subscription_group_id, subscription_state: 'subscribed' },
      }));
      const attributes = numbers.map((phone) => ({ external_id: phone, phone, subscription_groups }));
      const { status, body } = await app.post('/users/track', { attributes });
      assert.deepEqual([status, body.errors], [201, undefined]);
    },
    async send(number, message = template, more = {}) {
      const whats_app = { app_id: APP, subscription_group_id: CHATS, ...message };
      const { status, body } = await app.post('/messages/send', {
        ...{ external_user_ids: [number], messages: { whats_app } },
        ...more,
      });
      assert.equal(status, 201, JSON.stringify(body));
      await app.drain();
      return body.dispatch_id;
    },
    async verdicts(dispatchId) {
      return (await app.get(`/dispatches/${dispatchId}/recipients?limit=500`)).body.recipients;
    },
    async verdict(dispatchId) {
      await world.heard();
      const [only, ...others] = await world.verdicts(dispatchId);
      assert.ok(only !== undefined && others.length === 0);
      return only;
    },
    settle: (dispatchId) => settle(app, () => world.verdicts(dispatchId)),
    async heard() {
      await meta.idle();
      await app.drain();
      // A failure that comes before the verdict is written waits for it.
      for (let turns = 0; turns < 10 && (await waiting()) > 0; turns += 1) {
        app.clock.advance(2_000);
        await app.drain();
      }
    },
    async stateOf(number, group = CHATS) {
      const query = `subscription_group_id=${group}&external_id=${encodeURIComponent(number)}`;
      return (await app.get(`/subscription/status/get?${query}`)).body.status[number];
    },
    events() {
      return app.db.query(sql`
        select kind, code, address, detail, outcome from feedback_events where place is not null order by place`);
    },
  };
  await world.apply();
  return world;
}
