import { saidText } from '../answers/provider-words.ts';
import { secretsOf } from '../email/smtp/deliver.ts';
import { probe } from '../email/smtp/probe.ts';
import type { Relay } from '../sender.ts';
import type { AccountCheck } from './account-check.ts';

const LONGEST_MS = 15_000;

/** Connects to a mail relay and logs in, or without a login begins a mail that it does not send. Never rejects. */
export async function checkRelay(relay: Relay): Promise<AccountCheck> {
  const url = new URL(relay.url);
  const place = `${url.protocol}//${url.host}`;
  const asked =
    url.username === ''
      ? `MAIL FROM at ${place}, without a login`
      : `a login at ${place} as ${decodeURIComponent(url.username)}`;
  const failure = await probe(relay, new AbortController().signal, LONGEST_MS);
  if (failure === null) return { asked, state: 'good', said: null };
  const state = failure.cause === 'config_error' ? 'refused' : 'unreachable';
  return { asked, state, said: saidText(failure.said, secretsOf(url)) };
}
