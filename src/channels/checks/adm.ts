import type { Clock } from '../../lib/clock.ts';
import { tokenUrlOf } from '../kindle-push/deliver.ts';
import { buildTokenRequest, readTokenReply } from '../kindle-push/providers/adm.ts';
import type { AdmSettings } from '../kindle-push/settings.ts';
import { type AccountCheck, good } from './account-check.ts';
import { askForToken, shownUrl } from './ask-once.ts';

/** Gets an access token, which every message needs, and uses it for nothing. */
export async function checkAdm(settings: AdmSettings, clock: Clock): Promise<AccountCheck> {
  const url = tokenUrlOf(settings);
  const { client_id: clientId, client_secret: clientSecret } = settings;
  const { headers, body } = buildTokenRequest(url.pathname + url.search, { clientId, clientSecret });
  const answer = await askForToken(
    url,
    { headers, body },
    {
      read(reply) {
        const reading = readTokenReply(reply, clock.now());
        return reading.ok ? { token: reading.accessToken } : reading.outcome;
      },
      secrets: [clientSecret],
    },
  );
  return { asked: `a token from ${shownUrl(url)}`, ...('token' in answer ? good : answer) };
}
