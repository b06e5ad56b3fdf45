import { saidText } from '../answers/provider-words.ts';
import { secretsOf } from '../email/smtp/deliver.ts';
import { probe } from '../email/smtp/probe.ts';
import type { Relay } from '../sender.ts';
import type { AccountCheck } from './account-check.ts';

const LONGEST_MS = 15_000;

/** Connects to a mail relay and logs in, without a mail. Never rejects. */
export async function checkRelay(relay: Relay): Promise<AccountCheck> {
  const url = new URL(relay.url);
  const user = url.username === '' ? '' : ` as ${decodeURIComponent(url.username)}`;
  const asked = `a login at ${url.protocol}//${url.host}${user}`;
  const failure = await probe(relay, new AbortController().signal, LONGEST_MS);
  if (failure === null) return { asked, state: 'good', said: null };
  const state = failure.cause === 'config_error' ? 'refused' : 'unreachable';
  return { asked, state, said: saidText(failure.said, secretsOf(url)) };
}
