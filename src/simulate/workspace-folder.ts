import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type PushProviderName, pushProviderNames, type Started } from './all.ts';
import { apnsToken } from './apns/apns-tokens.ts';
import { type Credentials, makeCredentials, readCredentials } from './credentials.ts';
import { POSTMARK_USER } from './smtp/mail-account.ts';

/** The folder cannot be used. The message is for the person who named it. */
export class WorkspaceFolderError extends Error {
  override name = 'WorkspaceFolderError';
}

/** Ids of the apps in the written workspace file. They are fixed, so that people and requests can name them. */
export const appIds: Readonly<Record<PushProviderName, string>> = {
  apns: '51a00000-0000-4000-8000-000000000001',
  fcm: '51a00000-0000-4000-8000-000000000002',
  adm: '51a00000-0000-4000-8000-000000000003',
  'web-push': '51a00000-0000-4000-8000-000000000004',
};

/** Id of the subscription group in the written workspace file whose texts go to the stand-in for Twilio. */
export const textsGroupId = '51a00000-0000-4000-8000-000000000005';
/** Id of the subscription group whose WhatsApp messages go to the stand-in for Meta. */
export const chatsGroupId = '51a00000-0000-4000-8000-000000000006';
/** The domain to which reports on mails come back. */
const RETURN_PATH = 'bounces.acme.test';
const ADAS_NUMBER = '+14155550101';

/** Reads the folder's credentials, and makes them on the first start. */
export function credentialsOf(folder: string): Credentials {
  const path = join(folder, 'credentials.json');
  if (existsSync(path)) {
    const credentials = readCredentials(readFileSync(path, 'utf8'));
    if (credentials === null)
      throw new WorkspaceFolderError(`${path} is not usable; delete it to have new credentials`);
    return credentials;
  }
  const credentials = makeCredentials();
  mkdirSync(folder, { recursive: true });
  write(folder, 'credentials.json', json(credentials));
  return credentials;
}

/**
 * Writes everything needed to try the channels: `workspace.yaml` with its credentials, a `/users/track` body that gives one
 * person a device of each kind, a number and an address, a `/messages/send` body for that person, and the certificate. Returns the files' names.
 */
export function writeWorkspace(folder: string, started: Started, credentials: Credentials): readonly string[] {
  const files: Record<string, string> = {
    'workspace.yaml': stringify({ apps: appsOf(started), ...groupsOf(started), ...emailOf(started) }, { lineWidth: 0 }),
    'track.json': json({ attributes: [personOf(started)] }),
    'send.json': json(sendOf(started)),
    'certificate.pem': credentials.tls.cert,
  };
  if (started.fcm) files['service-account.json'] = json(started.fcm.serviceAccount);
  if (started.apns) files['AuthKey.p8'] = credentials.apns.key;
  for (const [name, text] of Object.entries(files)) write(folder, name, text);
  return Object.keys(files);
}

function appsOf({ fcm, apns, adm, 'web-push': webPush }: Started): object[] {
  const apps: object[] = [];
  if (apns) {
    const [key] = apns.keys;
    const apple = { team_id: key?.teamId, key_id: key?.keyId, key: '${file:./AuthKey.p8}', topic: apns.topics[0] };
    apps.push({ id: appIds.apns, name: 'Simulated iOS', platform: 'ios', apns: { ...apple, base_url: apns.url } });
  }
  if (fcm) {
    const google = { service_account: '${file:./service-account.json}', base_url: fcm.url, token_url: fcm.tokenUrl };
    apps.push({ id: appIds.fcm, name: 'Simulated Android', platform: 'android', fcm: google });
  }
  if (adm) {
    const secret = { client_id: adm.clientId, client_secret: adm.clientSecret };
    const amazon = { ...secret, base_url: adm.url, token_url: adm.tokenUrl };
    apps.push({ id: appIds.adm, name: 'Simulated Fire', platform: 'kindle', adm: amazon });
  }
  if (webPush) {
    const { publicKey, privateKey } = webPush.vapid;
    // The subscriptions' endpoints are on this machine, which must be allowed explicitly.
    const allow_hosts = [new URL(webPush.url).host];
    const vapid = { subject: 'mailto:ops@acme.test', public_key: publicKey, private_key: privateKey, allow_hosts };
    apps.push({ id: appIds['web-push'], name: 'Simulated web', platform: 'web', vapid });
  }
  // Mails and texts name an app, too. Without credentials it gets no push.
  return apps.length > 0 ? apps : [{ id: appIds.apns, name: 'Simulated iOS', platform: 'ios' }];
}

function groupsOf({ twilio, whatsapp }: Started): { subscription_groups?: object[] } {
  const groups: object[] = [];
  if (twilio) {
    const { accountSid, authToken, from } = twilio.account;
    const account = { account_sid: accountSid, auth_token: authToken, from, base_url: twilio.url };
    groups.push({ id: textsGroupId, name: 'Simulated texts', channel: 'sms', twilio: account });
  }
  if (whatsapp) {
    const { phoneNumberId, accessToken, appSecret, verifyToken } = whatsapp.account;
    const secrets = { access_token: accessToken, app_secret: appSecret, verify_token: verifyToken };
    const whatsapp_cloud = { phone_number_id: phoneNumberId, ...secrets, base_url: whatsapp.url };
    groups.push({ id: chatsGroupId, name: 'Simulated chats', channel: 'whatsapp', whatsapp_cloud });
  }
  return groups.length === 0 ? {} : { subscription_groups: groups };
}

function emailOf({ smtp }: Started): { email?: object } {
  if (!smtp) return {};
  const { sendGridPublicKey, mailgunKey, resendSecret, postmarkPassword, snsTopic } = smtp.account;
  const events = {
    ses: { topics: [snsTopic] },
    sendgrid: { public_key: sendGridPublicKey },
    postmark: { username: POSTMARK_USER, password: postmarkPassword },
    mailgun: { signing_key: mailgunKey },
    resend: { secret: resendSecret },
  };
  const relay = { name: 'simulated', url: smtp.relayUrl, ...(smtp.service !== null && { kind: smtp.service }) };
  const sender = { default_from: 'Acme <hello@acme.test>', list_unsubscribe: true, return_path: RETURN_PATH };
  return { email: { ...sender, smtp: relay, events } };
}

function personOf({ fcm, apns, adm, 'web-push': webPush, twilio, whatsapp, smtp }: Started): object {
  const tokens: object[] = [];
  if (apns) tokens.push({ app_id: appIds.apns, token: apnsToken('ada') });
  if (fcm) tokens.push({ app_id: appIds.fcm, token: 'ada-phone' });
  if (adm) tokens.push({ app_id: appIds.adm, token: 'ada-tablet' });
  if (webPush) tokens.push({ app_id: appIds['web-push'], token: JSON.stringify(webPush.subscription('ada-browser')) });
  const ids = [...(twilio ? [textsGroupId] : []), ...(whatsapp ? [chatsGroupId] : [])];
  const groups = ids.map((id) => ({ subscription_group_id: id, subscription_state: 'subscribed' }));
  return {
    ...{ external_id: 'ada', first_name: 'Ada', push_subscribe: 'opted_in', push_tokens: tokens },
    ...(smtp && { email: 'ada@example.test', email_subscribe: 'opted_in' }),
    ...(groups.length > 0 && { phone: ADAS_NUMBER, subscription_groups: groups }),
  };
}

function sendOf(started: Started): object {
  const { fcm, apns, adm, 'web-push': webPush, twilio, whatsapp, smtp } = started;
  const app_id = appIds[pushProviderNames.find((name) => started[name] !== undefined) ?? 'apns'];
  const text = { title: 'Hello', alert: 'Hi {{${first_name}}}' };
  const template = {
    ...{ template_name: 'hello', template_language_code: 'en_US', body_variables: ['{{${first_name}}}'] },
  };
  const chat = {
    app_id,
    subscription_group_id: chatsGroupId,
    message_type: 'template_message',
    message: template,
  };
  const messages = {
    ...(apns && { apple_push: { alert: { title: text.title, body: text.alert } } }),
    ...(fcm && { android_push: text }),
    ...(adm && { kindle_push: text }),
    ...(webPush && { web_push: text }),
    ...(twilio && { sms: { app_id, subscription_group_id: textsGroupId, body: text.alert } }),
    ...(whatsapp && { whats_app: chat }),
    ...(smtp && { email: { app_id, subject: text.title, body: `<p>${text.alert}</p>` } }),
  };
  return { external_user_ids: ['ada'], messages };
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Writes a file that only its owner may read, because some of them hold private keys (though only the stand-ins'). */
function write(folder: string, name: string, text: string): void {
  writeFileSync(join(folder, name), text, { mode: 0o600 });
}
