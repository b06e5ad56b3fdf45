// A stand-in for the provider of each channel, with faults of every kind.
import { randomFrom } from '../../../chaos/random.ts';
import { type CallbackRelay, startCallbackRelay } from '../../../rig/callback-relay.ts';
import { type MailAnswer, type SmtpSink, type SunkMail, startSmtpSink } from '../../../rig/smtp-sink.ts';
import { startWebhookStandIn } from '../../../rig/webhook-stand-in.ts';
import { type AdmSimulator, startAdmSimulator } from '../../../src/simulate/adm/adm.ts';
import { type ApnsSimulator, startApnsSimulator } from '../../../src/simulate/apns/apns.ts';
import { drawFault, readFaults } from '../../../src/simulate/faults.ts';
import { type FcmSimulator, startFcmSimulator } from '../../../src/simulate/fcm/fcm.ts';
import type { Simulator } from '../../../src/simulate/simulator.ts';
import { startTwilioSimulator, type TwilioSimulator } from '../../../src/simulate/twilio/twilio.ts';
import { startWebPushSimulator, type WebPushSimulator } from '../../../src/simulate/web-push/web-push.ts';
import { startWhatsAppSimulator, type WhatsAppSimulator } from '../../../src/simulate/whats-app/whats-app.ts';
import type { TestApp } from '../app.ts';

export const CHATS = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a16';

/** Each kind of fault of each provider. */
export const faultsOf = {
  android_push: [
    ...['unregistered', 'invalid_argument', 'quota_exceeded', 'unavailable', 'internal'],
    ...['slow', 'lost', 'truncated', 'garbage', 'reset', 'goaway', 'html'],
  ],
  apple_push: [
    ...['BadDeviceToken', 'Unregistered', 'BadCollapseId', 'TooManyRequests', 'InternalServerError'],
    ...['ServiceUnavailable', 'slow', 'lost', 'reset', 'goaway', 'html'],
  ],
  kindle_push: [
    ...['Unregistered', 'InvalidData', 'MaxRateExceeded', 'InternalServerError', 'ServiceUnavailable', 'moved'],
    ...['slow', 'lost', 'truncated', 'garbage', 'reset', 'html'],
  ],
  web_push: [
    ...['gone', 'bad_request', 'too_large', 'too_many_requests', 'internal', 'unavailable'],
    ...['slow', 'lost', 'reset', 'html'],
  ],
  sms: [
    ...['21211', '21610', '21408', '20429', '20503', '30003', '30005', '30007'],
    ...['early', 'unordered', 'mute', 'slow', 'lost', 'truncated', 'garbage', 'reset', 'html'],
  ],
  whats_app: [
    ...['100', '131026', '131049', '131050', '131056', '131000', '130429', '503', 'held', 'read'],
    ...['early', 'unordered', 'mute', 'slow', 'lost', 'truncated', 'garbage', 'reset', 'html'],
  ],
  webhook: ['refused', 'gone', 'busy', '500', '503', 'slow', 'lost', 'truncated', 'garbage', 'reset', 'html'],
  email: ['later', 'refused', 'cut', 'lost'],
} as const;
export type ProviderChannel = keyof typeof faultsOf;

export interface NineProviders {
  fcm: FcmSimulator;
  apns: ApnsSimulator;
  adm: AdmSimulator;
  webPush: WebPushSimulator;
  twilio: TwilioSimulator;
  meta: WhatsAppSimulator;
  hooks: Simulator;
  mail: SmtpSink;
  mails: readonly SunkMail[];
  relay: CallbackRelay;
  /** The answers that a target got, in their order. */
  answersTo(channel: ProviderChannel): ReadonlyMap<string, readonly string[]>;
}

const SLOW_MS = 50;

/** Starts all of them. What they tell goes through a relay, which keeps it until it is told to deliver. */
export async function startProviders(
  app: TestApp,
  { seed, faultPercent, atOnce }: { seed: number; faultPercent: number; atOnce: number },
): Promise<NineProviders> {
  const { clock } = app;
  const planOf = (channel: ProviderChannel) =>
    readFaults({ fault: faultsOf[channel].map((answer) => `${answer}:${faultPercent}%`), slow: SLOW_MS });
  const common = (channel: ProviderChannel) => ({ clock, seed, keep: 1_000_000, faults: planOf(channel) });
  const mails: SunkMail[] = [];
  const mailAnswers = new Map<string, string[]>();
  const mail = await startSmtpSink({
    answer(address) {
      const answers = mailAnswers.get(address) ?? [];
      const fault = drawFault(planOf('email'), seed, address, answers.length + 1)?.answer ?? 'taken';
      mailAnswers.set(address, [...answers, fault]);
      return fault as MailAnswer;
    },
    onMail: (one) => mails.push({ ...one, data: one.data.slice(0, one.data.indexOf('\r\n\r\n')) }),
  });
  const relay = await startCallbackRelay({
    target: () => Promise.resolve(app.url),
    random: randomFrom(seed),
    atOnce,
  });
  const providers = {
    fcm: await startFcmSimulator(common('android_push')),
    apns: await startApnsSimulator(common('apple_push')),
    adm: await startAdmSimulator(common('kindle_push')),
    webPush: await startWebPushSimulator({ ...common('web_push'), decryptEvery: 20 }),
    twilio: await startTwilioSimulator(common('sms')),
    meta: await startWhatsAppSimulator(common('whats_app')),
    hooks: await startWebhookStandIn(common('webhook')),
  };
  const { fcm, apns, adm, webPush, twilio, meta, hooks } = providers;
  meta.callbacks.moveTo(`${relay.url}/callbacks/whats_app/${CHATS}`);
  app.beforeClose(async () => {
    for (const one of Object.values(providers)) await one.stop();
    await relay.stop();
    await mail.close();
  });
  const simulators: Readonly<Record<Exclude<ProviderChannel, 'email'>, Simulator>> = {
    ...{ android_push: fcm, apple_push: apns, kindle_push: adm, web_push: webPush },
    ...{ sms: twilio, whats_app: meta, webhook: hooks },
  };
  return {
    ...providers,
    ...{ mail, mails, relay },
    answersTo(channel) {
      if (channel === 'email') return mailAnswers;
      const byTarget = Map.groupBy(simulators[channel].received(), ({ target }) => target);
      return new Map([...byTarget].map(([target, all]) => [target, all.map(({ answer }) => answer)]));
    },
  };
}
