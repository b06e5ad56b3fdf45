import type { ChannelSettings } from '../channel-settings.ts';
import type { Outbound, Sender, SenderOptions } from '../sender.ts';
import { Attachments } from './attachments/attachments.ts';
import { createDkimSigner } from './mime/dkim.ts';
import type { RenderedEmail } from './rendered.ts';
import type { Mail } from './smtp/deliver.ts';
import { createRelays, type Relayed, type Relays } from './smtp/relays.ts';

/** Most connections of a process to one relay, for each lane. */
const MAX_CONNECTIONS = 10;

/** Longest time that a copy waits for its turn at a relay, in milliseconds. */
const COPY_MS = 30_000;

/** A sender over the workspace's relays. null: it has none. */
export function openEmailSender(
  { email: { smtp, dkim, attachments: settings, returnPath } }: ChannelSettings,
  { nowMs, threads, pauses }: SenderOptions,
): Sender<RenderedEmail> | null {
  if (smtp === null) return null;
  const maxConnections = Math.ceil(MAX_CONNECTIONS / threads);
  const signer = dkim.length === 0 ? undefined : createDkimSigner(dkim);
  const relays = createRelays({ relays: smtp, maxConnections, nowMs, pauses, signer, returnPath });
  const attachments = new Attachments({ ...settings, nowMs, mostMails: maxConnections });

  function relay(mail: Mail, { rendered, dispatchId }: Outbound<RenderedEmail>, signal: AbortSignal): Promise<Relayed> {
    if (rendered.attachments === undefined) return withCopy(relays, mail, signal);
    return attachments.during({ dispatchId, attachments: rendered.attachments }, signal, async (found) =>
      Array.isArray(found) ? withCopy(relays, { ...mail, files: found }, signal) : { outcome: found, relay: null },
    );
  }

  return {
    async deliver(message, signal) {
      const { rendered, address, sendId, reference } = message;
      if (address === null) throw new Error('a mail to send has no address');
      const { outcome, relay: name } = await relay(
        { rendered, to: address, messageId: sendId, reference },
        message,
        signal,
      );
      if (smtp.length === 1 || name === null || outcome.kind === 'held' || outcome.kind === 'expired') return outcome;
      return { ...outcome, detail: [`relay ${name}`, outcome.detail].filter((text) => text !== undefined).join(': ') };
    },
    async close() {
      attachments.close();
      await relays.close();
    },
  };
}

/**
 * Sends a mail and, once a relay has accepted it, the copy of it. The copy is a transaction of its own, so that neither its
 * failure nor a retry of the mail changes the other. It is offered once, even if the dispatch is stopped meanwhile.
 */
async function withCopy(relays: Relays, mail: Mail, signal: AbortSignal): Promise<Relayed> {
  const sent = await relays.deliver(mail, signal);
  const { bcc } = mail.rendered;
  if (bcc === undefined || sent.outcome.kind !== 'accepted') return sent;
  if (bcc.toLowerCase() === mail.to.toLowerCase()) return sent;
  const { outcome } = await relays.deliver({ ...mail, copyFor: bcc }, AbortSignal.timeout(COPY_MS));
  if (outcome.kind === 'accepted') return sent;
  const said = [outcome.kind, 'reason' in outcome && outcome.reason, 'detail' in outcome && outcome.detail];
  const detail = `no copy to ${bcc}: ${said.filter(Boolean).join(' ')}`;
  return { ...sent, outcome: { ...sent.outcome, detail } };
}
