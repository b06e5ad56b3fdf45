import type { AccountCheck } from '../channels/checks/account-check.ts';
import { checkAccount } from '../channels/checks/check-account.ts';
import { checkRelay } from '../channels/checks/relay.ts';
import type { SmtpRelay } from '../channels/email/settings.ts';
import type { Provider, ProviderKind } from '../channels/providers.ts';
import { systemClock } from '../lib/clock.ts';
import type { Finding } from './finding.ts';

type Fault = Pick<Finding, 'problem' | 'mend'>;

/** What may be wrong with an account of one kind. */
interface Faults {
  /** Whom the account is with. */
  whose: string;
  /** It refuses what we ask. */
  refused: Fault;
  /** It gives no access token. Absent: as `refused`. */
  noToken?: Fault;
  /** Absent: in general words. */
  unreachable?: Fault;
}

const relayFaults: Faults = {
  whose: 'the relay',
  refused: {
    problem: 'the relay refuses our login',
    mend: 'Correct user and password in email.smtp of the workspace file, and apply it.',
  },
  unreachable: {
    problem: 'the relay does not answer',
    mend: 'Correct host and port in email.smtp, or let this machine through to it; clouds often block port 25: use 587 or 465.',
  },
};

const withoutLogin: Faults = {
  ...relayFaults,
  refused: {
    problem: 'the relay wants a login, and email.smtp names none',
    mend: 'Write the user and the password into email.smtp.url (smtp://user:password@host:587, percent-encoded), and apply it.',
  },
};

const faultsOf: Readonly<Record<Exclude<ProviderKind, 'vapid'>, Faults>> = {
  fcm: {
    whose: 'Google',
    noToken: {
      problem: 'Google gives no token for its service account',
      mend: 'Make a new key of the service account in the Google Cloud console, name its file in fcm.service_account, and apply it. A wrong clock of this machine looks the same.',
    },
    refused: {
      problem: 'Google does not let its service account send',
      mend: 'In the Google Cloud console, enable the Firebase Cloud Messaging API for the project, and grant the service account cloudmessaging.messages.create.',
    },
  },
  adm: {
    whose: 'Amazon',
    refused: {
      problem: 'Amazon gives no token for its client',
      mend: 'Correct adm.client_id and adm.client_secret (Amazon Developer Console, security profile), and apply them.',
    },
  },
  apns: {
    whose: 'Apple',
    refused: {
      problem: 'Apple does not accept its settings',
      mend: 'Correct apns.key, key_id, team_id and topic (the bundle id) of the app, and apply them. ExpiredProviderToken: correct the clock of this machine.',
    },
    unreachable: {
      problem: 'Apple cannot be reached',
      mend: 'Let this machine through to port 443 of it, by HTTP/2 and without a proxy that ends TLS.',
    },
  },
  twilio: {
    whose: 'Twilio',
    refused: {
      problem: 'Twilio does not accept our account',
      mend: 'Correct account_sid, auth_token or the API key of the group in the workspace file, and apply it. Twilio’s console shows whether the account is suspended.',
    },
  },
  whatsapp_cloud: {
    whose: 'Meta',
    refused: {
      problem: 'Meta does not accept our account',
      mend: 'Code 190 is the token: make one of a system user, which does not expire, and apply it. Code 100 is phone_number_id, or a right that the token lacks.',
    },
  },
};

/** Looks whether a mail relay lets us in. */
export async function lookAtRelay(relay: SmtpRelay): Promise<Finding[]> {
  const faults = new URL(relay.url).username === '' ? withoutLogin : relayFaults;
  return findings(`relay ${relay.name}`, await checkRelay(relay), faults);
}

/** Looks whether a provider accepts the account of an app or a subscription group. Web push has no account. */
export async function lookAtProvider(subject: string, provider: Provider | undefined): Promise<Finding[]> {
  if (provider === undefined || provider.kind === 'vapid') return [];
  return findings(subject, await checkAccount(provider, systemClock), faultsOf[provider.kind]);
}

function findings(subject: string, check: AccountCheck, faults: Faults): Finding[] {
  const fault = faultIn(check, faults);
  if (fault === null) return [];
  const { asked, said } = check;
  return [{ area: 'accounts', subject, ...fault, known: said === null ? asked : `${asked}: ${said}` }];
}

function faultIn({ state }: AccountCheck, { whose, refused, noToken = refused, unreachable }: Faults): Fault | null {
  switch (state) {
    case 'good':
      return null;
    case 'no_token':
      return noToken;
    case 'refused':
      return refused;
    case 'unwell':
      return {
        problem: `${whose} does not answer as usual`,
        mend: 'Ask again later; their status page may say more.',
      };
    case 'unreachable':
      return unreachable ?? { problem: `${whose} cannot be reached`, mend: 'Let this machine through to it.' };
  }
}
