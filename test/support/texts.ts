import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { startTwilioSimulator, type TwilioSimulator } from '../../src/simulate/twilio/twilio.ts';
import { startTestApp, type TestApp } from './app.ts';
import { settle, untilApplied } from './settle.ts';

const APP = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
export const ALERTS = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a15';
export const NEWS = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a16';
export const NEWS_NUMBER = '+14155550199';
export const EVERYBODY = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a17';
export const ADA = '+14155550101';
export const text = { app_id: APP, subscription_group_id: ALERTS, body: 'Hi' };

export interface Texts {
  app: TestApp;
  twilio: TwilioSimulator;
  /** Makes people with these numbers, who are subscribed to both groups. */
  people(numbers: readonly string[]): Promise<void>;
  /** Resolves when the stand-in has told everything, and it is applied. */
  told(): Promise<void>;
  /** Sends a text to the person with this number. Returns the id of the dispatch. */
  send(number: string, more?: object): Promise<string>;
  verdicts(dispatchId: string): Promise<Record<string, unknown>[]>;
  /** Moves the clock from one attempt to the next until nothing is pending any more. Returns the verdicts. */
  settle(dispatchId: string): Promise<Record<string, unknown>[]>;
  apply(settings?: object): Promise<void>;
}

/** A server with two groups for texts, whose account is at a stand-in for Twilio that reports back to the server. */
export async function startTexts(t: TestContext, settings: object = {}): Promise<Texts> {
  const app = await startTestApp(t);
  const twilio = await startTwilioSimulator();
  app.beforeClose(() => twilio.stop());
  // Its callbacks must end before the server does.
  app.beforeClose(() => twilio.idle());
  const { accountSid: account_sid, authToken: auth_token, from } = twilio.account;
  // Another number of the same account, which the stand-in does not know.
  const newsSender = { from: NEWS_NUMBER, messaging_service_sid: undefined };
  const apply = (more: object = {}) => {
    const account = (id: string) =>
      JSON.stringify({
        ...{ account_sid, auth_token, from, base_url: twilio.url, callback_url: `${app.url}/callbacks/sms/${id}` },
        ...{ ...settings, ...more },
      });
    return app.givenWorkspace(`
apps: [{ id: ${APP}, name: iOS, platform: ios }]
subscription_groups:
  - { id: ${ALERTS}, name: Alerts, channel: sms, twilio: ${account(ALERTS)} }
  - { id: ${NEWS}, name: News, channel: sms, twilio: ${JSON.stringify({ ...JSON.parse(account(NEWS)), ...newsSender })} }
segments: [{ id: ${EVERYBODY}, name: Everybody, filter: null }]
campaigns:
  - { id: spring, name: Spring, kind: api, variations: [{ id: t, name: Text, channel: sms }] }
  - { id: summer, name: Summer, kind: api, variations: [{ id: t, name: Text, channel: sms }] }
`);
  };
  const { from: given = null } = settings as { from?: string | null };
  if (given !== null || !('from' in settings)) await apply();
  const world: Texts = {
    app,
    twilio,
    apply,
    async people(numbers) {
      const subscription_groups = [ALERTS, NEWS].map((subscription_group_id) => ({
        ...{ subscription_group_id, subscription_state: 'subscribed' },
      }));
      const { status, body } = await app.post('/users/track', {
        attributes: numbers.map((phone) => ({ external_id: phone, phone, subscription_groups })),
      });
      assert.equal(status, 201, JSON.stringify(body));
      assert.equal(body.errors, undefined, JSON.stringify(body.errors));
    },
    async send(number, { cresset, ...more }: { cresset?: object } = {}) {
      const { status, body } = await app.post('/messages/send', {
        external_user_ids: [number],
        messages: { sms: { ...text, ...more } },
        ...(cresset && { cresset }),
      });
      assert.equal(status, 201, JSON.stringify(body));
      await app.drain();
      return body.dispatch_id;
    },
    async verdicts(dispatchId) {
      return (await app.get(`/dispatches/${dispatchId}/recipients?limit=500`)).body.recipients;
    },
    async told() {
      await twilio.idle();
      await app.drain();
      await untilApplied(app);
    },
    settle: (dispatchId) => settle(app, () => world.verdicts(dispatchId)),
  };
  return world;
}
