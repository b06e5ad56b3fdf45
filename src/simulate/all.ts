import { type AdmSimulator, startAdmSimulator } from './adm/adm.ts';
import { type ApnsSimulator, startApnsSimulator } from './apns/apns.ts';
import { startControl } from './control.ts';
import type { Credentials } from './credentials.ts';
import type { FaultPlan } from './faults.ts';
import { type FcmSimulator, startFcmSimulator } from './fcm/fcm.ts';
import { type Simulator, type SimulatorOptions, setFaultsOf } from './simulator.ts';
import type { MailService } from './smtp/service-events.ts';
import { type SmtpSimulator, startSmtpSimulator } from './smtp/smtp.ts';
import { startTwilioSimulator, type TwilioSimulator } from './twilio/twilio.ts';
import { startWebPushSimulator, type WebPushSimulator } from './web-push/web-push.ts';
import { startWhatsAppSimulator, type WhatsAppSimulator } from './whats-app/whats-app.ts';

/** The push providers that have a stand-in. */
const pushProviderNames = ['fcm', 'apns', 'adm', 'web-push'] as const;
export type PushProviderName = (typeof pushProviderNames)[number];

/** Every provider that has a stand-in, in the order of their ports. */
export const providerNames = [...pushProviderNames, 'twilio', 'whatsapp', 'smtp'] as const;
export type ProviderName = (typeof providerNames)[number];

export interface Started {
  fcm?: FcmSimulator;
  apns?: ApnsSimulator;
  adm?: AdmSimulator;
  'web-push'?: WebPushSimulator;
  twilio?: TwilioSimulator;
  whatsapp?: WhatsAppSimulator;
  smtp?: SmtpSimulator;
}

export interface AllOptions {
  host: string;
  /** Port of each stand-in and of their control. 0: any free port. */
  ports: Readonly<Record<ProviderName | 'control', number>>;
  credentials: Credentials;
  tls: boolean;
  faults: FaultPlan;
  seed: number;
  keep: number;
  decryptEvery: number;
  /** Where the stand-in for Twilio posts inbound messages. null: beside its status callbacks. */
  inboundUrl: string | null;
  /** Where the stand-in for WhatsApp posts statuses and messages of people. null: nowhere. */
  whatsAppCallbackUrl: string | null;
  mail: MailOptions;
}

/** What becomes of the mails of the stand-in for a relay. */
export interface MailOptions {
  /** Whose webhooks are posted. null: what becomes of a mail is reported by mail. */
  service: MailService | null;
  /** Where they are posted. */
  eventsUrl: string | null;
  /** The smtp URL to which bounce mails and complaints go. */
  reportsUrl: string | null;
}

export interface Simulators {
  started: Started;
  controlUrl: string;
  stop(): Promise<void>;
}

/** Starts the named stand-ins and one control for all of them. If one fails to start, all are stopped. */
export async function startSimulators(names: readonly ProviderName[], options: AllOptions): Promise<Simulators> {
  const started: Started = {};
  const endings: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const end of endings.splice(0).reverse()) await end();
  };
  try {
    for (const name of names) {
      const simulator = await starters[name](options, common(name, options), started);
      endings.push(() => simulator.stop());
    }
    const simulators: Record<string, Simulator> = { ...started };
    setFaultsOf(Object.values(simulators), options.faults);
    const control = await startControl({ host: options.host, port: options.ports.control, simulators });
    endings.push(() => control.stop());
    return { started, controlUrl: control.url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function common(name: ProviderName, { host, ports, tls, credentials, seed, keep }: AllOptions): SimulatorOptions {
  return { host, port: ports[name], tls: tls ? credentials.tls : null, seed, keep };
}

type Starter = (options: AllOptions, common: SimulatorOptions, started: Started) => Promise<Simulator>;

const starters: Readonly<Record<ProviderName, Starter>> = {
  async fcm({ credentials }, common, started) {
    started.fcm = await startFcmSimulator({ ...common, serviceAccount: credentials.fcm });
    return started.fcm;
  },
  async apns({ credentials }, common, started) {
    started.apns = await startApnsSimulator({ ...common, keys: [credentials.apns] });
    return started.apns;
  },
  async adm({ credentials }, common, started) {
    started.adm = await startAdmSimulator({ ...common, ...credentials.adm });
    return started.adm;
  },
  async 'web-push'({ credentials, decryptEvery }, common, started) {
    started['web-push'] = await startWebPushSimulator({ ...common, vapid: credentials.vapid, decryptEvery });
    return started['web-push'];
  },
  async twilio({ credentials, inboundUrl }, common, started) {
    started.twilio = await startTwilioSimulator({ ...common, account: credentials.twilio, inboundUrl });
    return started.twilio;
  },
  async whatsapp({ credentials, whatsAppCallbackUrl: callbackUrl }, common, started) {
    started.whatsapp = await startWhatsAppSimulator({ ...common, account: credentials.whatsapp, callbackUrl });
    return started.whatsapp;
  },
  async smtp({ credentials, mail }, common, started) {
    started.smtp = await startSmtpSimulator({ ...common, account: credentials.mail, ...mail });
    return started.smtp;
  },
};
