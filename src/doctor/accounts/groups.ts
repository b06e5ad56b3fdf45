import { BASE_URL as TWILIO } from '../../channels/sms/providers/twilio.ts';
import type { TwilioSettings } from '../../channels/sms/settings.ts';
import { BASE_URL as META, VERSION } from '../../channels/whats-app/providers/cloud-api.ts';
import type { WhatsAppCloudSettings } from '../../channels/whats-app/settings.ts';
import { isObject } from '../../lib/raw/json.ts';
import type { SubscriptionGroup } from '../../workspace/catalog.ts';
import { type Finding, wordsOf } from '../finding.ts';
import { type Got, get } from '../http-get.ts';

/** Asks a group's provider something that changes nothing and that only the account may ask. */
export async function lookAtGroup({ name, provider }: SubscriptionGroup): Promise<Finding[]> {
  if (provider === undefined) return [];
  const subject = `subscription group ${name}`;
  return provider.kind === 'twilio'
    ? lookAtTwilio(subject, provider.settings)
    : lookAtWhatsApp(subject, provider.settings);
}

async function lookAtTwilio(subject: string, settings: TwilioSettings): Promise<Finding[]> {
  const {
    account_sid: sid,
    auth_token: token,
    api_key_sid: keySid = sid,
    api_key_secret: keySecret = token,
  } = settings;
  const base = (settings.base_url ?? TWILIO).replace(/\/+$/, '');
  const asked = `GET ${base}/2010-04-01/Accounts/${sid}/Messages.json`;
  const authorization = `Basic ${Buffer.from(`${keySid}:${keySecret}`).toString('base64')}`;
  const got = await get(`${base}/2010-04-01/Accounts/${sid}/Messages.json?PageSize=1`, { authorization }).catch(
    wordsOf,
  );
  const mend =
    'Correct account_sid, auth_token or the API key of the group in the workspace file, and apply it. Twilio’s console shows whether the account is suspended.';
  return judge(got, { subject, asked, whose: 'Twilio', mend });
}

async function lookAtWhatsApp(subject: string, settings: WhatsAppCloudSettings): Promise<Finding[]> {
  const { phone_number_id: id, access_token: token, version = VERSION } = settings;
  const base = (settings.base_url ?? META).replace(/\/+$/, '');
  const asked = `GET ${base}/${version}/${id}`;
  const fields = 'display_phone_number,quality_rating';
  const got = await get(`${asked.slice('GET '.length)}?fields=${fields}`, { authorization: `Bearer ${token}` }).catch(
    wordsOf,
  );
  const mend =
    'Code 190 is the token: make one of a system user, which does not expire, and apply it. Code 100 is phone_number_id, or a right that the token lacks.';
  return judge(got, { subject, asked, whose: 'Meta', mend });
}

function judge(
  got: Got | string,
  { subject, asked, whose, mend }: { subject: string; asked: string; whose: string; mend: string },
): Finding[] {
  const common = { area: 'accounts', subject };
  if (typeof got === 'string')
    return [
      {
        ...common,
        problem: `${whose} cannot be reached`,
        known: `${asked}: ${got}`,
        mend: 'Let this machine through to it.',
      },
    ];
  if (got.status === 200) return [];
  const problem =
    got.status >= 500 || got.status === 429
      ? `${whose} does not answer as usual`
      : `${whose} does not accept our account`;
  const isOurs = got.status < 500 && got.status !== 429;
  return [
    {
      ...common,
      problem,
      known: `${asked}: ${got.status}${codeOf(got.json)}`,
      mend: isOurs ? mend : 'Ask again later; their status page may say more.',
    },
  ];
}

/** The error's number, as both providers give it. Their texts may repeat what we sent. */
function codeOf(json: unknown): string {
  if (!isObject(json)) return '';
  const error = isObject(json.error) ? json.error : json;
  return typeof error.code === 'number' ? `, code ${error.code}` : '';
}
