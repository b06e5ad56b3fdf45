import { request } from 'undici';
import { findPassage } from '../../net/guard.ts';
import { pinnedAgent } from '../../net/pinned-agent.ts';

const LONGEST_MS = 10_000;
const MOST_BYTES = 65_536;

/** Gets a small text from a public host, without following redirects. Throws for everything that is not 200. */
export async function getPublicText(url: string): Promise<string> {
  const passage = await findPassage(url, { allow: [] });
  if (!passage.allowed) throw new Error('the URL may not be called');
  const agent = pinnedAgent(passage, { connectMs: LONGEST_MS, answerMs: LONGEST_MS, maxResponseBytes: MOST_BYTES });
  try {
    const { statusCode, body } = await request(passage.url, {
      dispatcher: agent,
      signal: AbortSignal.timeout(LONGEST_MS),
    });
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`${passage.url.hostname} answered ${statusCode}`);
    return text;
  } finally {
    await agent.destroy();
  }
}
