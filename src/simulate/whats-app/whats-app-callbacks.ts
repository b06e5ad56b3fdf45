import { createHmac, randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { Callbacks } from '../callbacks.ts';
import type { WhatsAppAccount } from './whats-app-account.ts';

/** Most statuses in one callback. Meta sends up to 1,000. */
const MOST_TOGETHER = 100;
/** Most callbacks under way at once. */
const MOST_AT_ONCE = 8;
const MOST_TRIES = 7;
const AGAIN_AFTER_MS = 100;

/**
 * Posts signed JSON as Meta does, and counts the answers. Before the first one, our URL must answer the handshake. Statuses
 * that are waiting go together.
 */
export class WhatsAppCallbacks extends Callbacks {
  readonly #account: WhatsAppAccount;
  #url: string | null;
  #isVerified = false;
  #waiting: object[] = [];
  #posting = 0;

  constructor(account: WhatsAppAccount, url: string | null) {
    super();
    this.#account = account;
    this.#url = url;
  }

  get url(): string | null {
    return this.#url;
  }

  /** Takes another URL, as one does in Meta's dashboard. */
  moveTo(url: string): void {
    this.#url = url;
    this.#isVerified = false;
  }

  /** Makes the handshake, unless it was made. False: our URL did not answer it. */
  async verify(): Promise<boolean> {
    const url = this.#url;
    if (this.#isVerified || url === null) return this.#isVerified;
    const challenge = String(randomBytes(4).readUInt32BE());
    const query = new URLSearchParams({
      ...{ 'hub.mode': 'subscribe', 'hub.verify_token': this.#account.verifyToken, 'hub.challenge': challenge },
    });
    const answer = await this.get(`${url}?${query}`);
    this.count(`handshake: ${answer?.status ?? 'no answer'}`);
    this.#isVerified = answer?.status === 200 && answer.body === challenge;
    return this.#isVerified;
  }

  /** Posts changes of the `messages` field. Resolves to the status of the answer. null: none came, or none was asked. */
  async tell(values: readonly object[], what: string, field = 'messages'): Promise<number | null> {
    const changes = values.map((value) => ({ field, value: { ...this.#about(), ...value } }));
    return this.raw(JSON.stringify(bodyOf(this.#account, changes)), what);
  }

  /** Posts any text, signed. */
  async raw(text: string, what: string): Promise<number | null> {
    const url = this.#url;
    if (url === null || !(await this.verify())) return null;
    const signature = createHmac('sha256', this.#account.appSecret).update(text).digest('hex');
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'facebookexternalua',
      'x-hub-signature-256': `sha256=${signature}`,
    };
    return (await this.send({ url, headers, body: text }, what))?.status ?? null;
  }

  /** Queues statuses. Resolves when all that wait have been posted. */
  tellStatuses(statuses: readonly object[]): Promise<void> {
    this.#waiting.push(...statuses);
    return this.keep(this.#pump());
  }

  async #pump(): Promise<void> {
    await null; // statuses of this moment go together
    while (this.#waiting.length > 0 && this.#posting < MOST_AT_ONCE) {
      const statuses = this.#waiting.splice(0, MOST_TOGETHER);
      this.#posting += 1;
      const isTaken = await this.#persistently(statuses).finally(() => {
        this.#posting -= 1;
      });
      this.count(isTaken ? 'statuses taken' : 'statuses given up', statuses.length);
    }
  }

  /** Meta repeats a callback that was not taken; the stand-in does for a few seconds. */
  async #persistently(statuses: readonly object[]): Promise<boolean> {
    for (let tries = 1; ; tries += 1) {
      const status = await this.tell([{ statuses }], 'statuses');
      if (status !== null && status < 300) return true;
      const isRepeated = this.#isVerified && (status === null || status >= 500) && tries < MOST_TRIES;
      if (!isRepeated) return false;
      await setTimeout(AGAIN_AFTER_MS * 2 ** tries);
    }
  }

  #about(): object {
    const { displayNumber, phoneNumberId } = this.#account;
    const metadata = { display_phone_number: displayNumber.slice(1), phone_number_id: phoneNumberId };
    return { messaging_product: 'whatsapp', metadata };
  }
}

function bodyOf({ businessAccountId }: WhatsAppAccount, changes: readonly object[]): object {
  return { object: 'whatsapp_business_account', entry: [{ id: businessAccountId, changes }] };
}
