import { connect } from 'node:http2';
import { Pool } from 'undici';
import { AccessTokens } from '../../channels/android-push/access-tokens.ts';
import { readFcmApp } from '../../channels/android-push/fcm-app.ts';
import type { FcmSettings } from '../../channels/android-push/settings.ts';
import { jsonObject, plainWord } from '../../channels/answers/provider-reply.ts';
import { readApnsApp } from '../../channels/apple-push/apns-app.ts';
import { ProviderTokens } from '../../channels/apple-push/provider-tokens.ts';
import type { ApnsSettings } from '../../channels/apple-push/settings.ts';
import { buildTokenRequest, readTokenReply } from '../../channels/kindle-push/providers/adm.ts';
import type { AdmSettings } from '../../channels/kindle-push/settings.ts';
import { systemClock } from '../../lib/clock.ts';
import { post } from '../../net/http-post.ts';
import type { App } from '../../workspace/catalog.ts';
import { type Finding, wordsOf } from '../finding.ts';

const TIMEOUT_MS = 10_000;
const ADM_TOKENS = 'https://api.amazon.com/auth/O2/token';
const MOST_REPLY_BYTES = 16_384;

/**
 * Asks an app's push provider for what needs its credentials, and sends nothing: a token, or the refusal of a device that
 * cannot exist. Web push has no account to ask about.
 */
export async function lookAtApp({ name, provider }: App): Promise<Finding[]> {
  if (provider === undefined || provider.kind === 'vapid') return [];
  const found = await ask(provider);
  return found === null ? [] : [{ area: 'accounts', subject: `app ${name}`, ...found }];
}

type Found = Pick<Finding, 'problem' | 'known' | 'mend'>;

function ask(provider: Exclude<NonNullable<App['provider']>, { kind: 'vapid' }>): Promise<Found | null> {
  if (provider.kind === 'fcm') return askFcm(provider.settings);
  return provider.kind === 'adm' ? askAdm(provider.settings) : askApns(provider.settings);
}

async function askFcm(settings: FcmSettings): Promise<Found | null> {
  const { account } = readFcmApp(settings);
  const tokens = new AccessTokens(account, systemClock);
  try {
    const answer = await tokens.fetch();
    if (typeof answer === 'string') return null;
    const isOurs = answer.kind === 'config_error';
    return {
      problem: isOurs ? 'Google gives no token for its service account' : "Google's tokens cannot be had at present",
      known: `a token from ${account.tokenUrl} for ${account.clientEmail}: ${answer.reason}`,
      mend: isOurs
        ? 'Make a new key of the service account in the Google Cloud console, name its file in fcm.service_account, and apply it. A wrong clock of this machine looks the same.'
        : 'Let this machine through to it, or ask again later.',
    };
  } finally {
    await tokens.close();
  }
}

async function askAdm(settings: AdmSettings): Promise<Found | null> {
  const url = new URL(settings.token_url ?? ADM_TOKENS);
  const credentials = { clientId: settings.client_id, clientSecret: settings.client_secret };
  const pool = new Pool(url.origin, { connections: 1, connect: { timeout: TIMEOUT_MS } });
  const known = (said: string) => `a token from ${url.href}: ${said}`;
  try {
    const request = buildTokenRequest(url.pathname + url.search, credentials);
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const reading = readTokenReply(
      await post(pool, { ...request, maxReplyBytes: MOST_REPLY_BYTES, signal }),
      new Date(),
    );
    if (reading.ok) return null;
    return {
      problem: 'Amazon gives no token for its client',
      known: known(reading.outcome.reason),
      mend: 'Correct adm.client_id and adm.client_secret (Amazon Developer Console, security profile), and apply them.',
    };
  } catch (error) {
    return {
      problem: "Amazon's tokens cannot be had",
      known: known(wordsOf(error)),
      mend: 'Let this machine through to it.',
    };
  } finally {
    await pool.destroy();
  }
}

/** Apple's word for the device of our question, after it has accepted the rest. */
const NO_DEVICE = 'BadDeviceToken';

async function askApns(settings: ApnsSettings): Promise<Found | null> {
  const { topic, signer, hosts, first } = readApnsApp(settings);
  const { origin, prefix } = hosts[first];
  const jwt = new ProviderTokens(signer, systemClock).current();
  const known = (said: string) => `a push to a device that cannot exist, at ${origin}: ${said}`;
  const headers = {
    ...{ ':method': 'POST', ':path': `${prefix}/3/device/0`, authorization: `bearer ${jwt}` },
    ...{ 'apns-topic': topic, 'apns-push-type': 'background', 'apns-priority': '5' },
  };
  const reason = await exchange(origin, headers).catch((error: unknown) => new Error(wordsOf(error)));
  if (reason instanceof Error)
    return {
      problem: 'Apple cannot be reached',
      known: known(reason.message),
      mend: 'Let this machine through to port 443 of it, by HTTP/2 and without a proxy that ends TLS.',
    };
  if (reason === NO_DEVICE) return null;
  return {
    problem: 'Apple does not accept its settings',
    known: known(reason),
    mend: 'Correct apns.key, key_id, team_id and topic (the bundle id) of the app, and apply them. ExpiredProviderToken: correct the clock of this machine.',
  };
}

/** Posts an empty notification. Resolves with Apple's reason. */
function exchange(origin: string, headers: Record<string, string>): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const session = connect(origin);
  session.setTimeout(TIMEOUT_MS, () => session.destroy(new Error(`no answer within ${TIMEOUT_MS / 1_000} s`)));
  session.on('error', reject);
  session.once('close', () => reject(new Error('it hung up')));
  const stream = session.request(headers);
  const body: Buffer[] = [];
  let status = 0;
  stream.on('response', (answer) => {
    status = Number(answer[':status']);
  });
  stream.on('data', (chunk: Buffer) => body.push(chunk));
  stream.on('error', reject);
  stream.on('end', () => {
    resolve(plainWord(jsonObject(Buffer.concat(body)).reason) ?? String(status));
    session.close();
  });
  stream.end('{"aps":{"content-available":1}}');
  return promise;
}
