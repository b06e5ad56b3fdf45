import { type Clock, systemClock } from '../../lib/clock.ts';
import { type Answer, header, type WireRequest } from '../../net/wire.ts';
import { jsonAnswer } from '../answers.ts';
import { FaultError } from '../faults.ts';
import { readJson } from '../json.ts';
import type { Received } from '../ledger.ts';
import {
  type ProviderRules,
  type Simulator,
  type SimulatorOptions,
  startSimulator,
  type Verdict,
} from '../simulator.ts';
import { makeWhatsAppAccount, type WhatsAppAccount } from './whats-app-account.ts';
import { lateErrors, orderInNumber, refusal, whatsAppAnswers } from './whats-app-answers.ts';
import { WhatsAppCallbacks } from './whats-app-callbacks.ts';
import { readMessage, type WhatsAppSent } from './whats-app-message.ts';

export type { WhatsAppSent } from './whats-app-message.ts';

export interface WhatsAppOptions extends SimulatorOptions {
  /** Generated if absent. */
  account?: WhatsAppAccount;
  /** Where statuses and messages of people are posted. null, the default: nowhere until `callbacks.moveTo`. */
  callbackUrl?: string | null;
}

/** Something that a person writes to the business number. */
export interface InboundMessage {
  /** In E.164. Absent: Meta names the person by `userId` alone. */
  from?: string;
  userId?: string;
  /** Default: a text with this content. */
  text?: string;
  /** The message as Meta posts it, instead of a text. Its `id`, `from` and `timestamp` are added if they are missing. */
  message?: object;
  /** Default: now. */
  at?: Date;
  /** Meta's id of the message that it answers. */
  answers?: string;
}

export interface WhatsAppSimulator extends Simulator<WhatsAppSent> {
  account: WhatsAppAccount;
  callbacks: WhatsAppCallbacks;
  /** Posts messages of people in one callback. Resolves to the status of our answer. null: none came. */
  inbound(...messages: readonly InboundMessage[]): Promise<number | null>;
  /** Resolves when no callback is under way. */
  idle(): Promise<void>;
}

const WINDOW_MS = 24 * 3_600_000;
const MOST_BODY_BYTES = 65_536;

/** A stand-in for Meta's WhatsApp Cloud API, with its signed statuses and messages of people. */
export async function startWhatsAppSimulator(options: WhatsAppOptions = {}): Promise<WhatsAppSimulator> {
  const account = options.account ?? makeWhatsAppAccount();
  const rules = new WhatsApp(account, options);
  const simulator = await startSimulator(() => rules, options);
  const { callbacks } = rules;
  return {
    ...simulator,
    account,
    callbacks,
    counts() {
      const counts = simulator.counts();
      return { ...counts, answers: { ...counts.answers, ...callbacks.counts() } };
    },
    inbound: (...messages) => callbacks.keep(rules.inbound(messages)),
    postInbound: (message) => void callbacks.keep(rules.inbound([readInbound(message)])),
    idle: () => callbacks.idle(),
    reset() {
      simulator.reset();
      callbacks.reset();
    },
    async stop() {
      await simulator.stop();
      await callbacks.stop();
    },
  };
}

/** Reads `{"from":…,"body":…}`. Throws FaultError. */
function readInbound(message: object): InboundMessage {
  const { from, body } = message as Record<string, unknown>;
  if (typeof from !== 'string' || typeof body !== 'string') throw new FaultError('expected from and body as texts');
  return { from, text: body };
}

class WhatsApp implements ProviderRules<WhatsAppSent> {
  readonly answers = whatsAppAnswers;
  readonly deadAnswer = '131026';
  readonly orderInTarget = orderInNumber;
  readonly wire = { protocols: ['http/1.1'] as const, maxBodyBytes: MOST_BODY_BYTES, maxStreams: 1, goAwayText: '' };
  readonly callbacks: WhatsAppCallbacks;
  readonly #account: WhatsAppAccount;
  readonly #clock: Clock;
  readonly #path: RegExp;
  readonly #numberPath: RegExp;
  readonly #authorization: string;
  /** When each person last wrote, in milliseconds since 1970. */
  readonly #wrote = new Map<string, number>();
  #messages = 0;
  #held = new Set<string>();

  constructor(account: WhatsAppAccount, { clock = systemClock, callbackUrl = null }: WhatsAppOptions) {
    this.#account = account;
    this.#clock = clock;
    this.#path = new RegExp(`^/v\\d{1,3}\\.\\d{1,2}/${account.phoneNumberId}/messages$`);
    this.#numberPath = new RegExp(`^/v\\d{1,3}\\.\\d{1,2}/${account.phoneNumberId}(\\?.*)?$`);
    this.#authorization = `Bearer ${account.accessToken}`;
    this.callbacks = new WhatsAppCallbacks(account, callbackUrl);
  }

  judge(request: WireRequest): Verdict<WhatsAppSent> {
    if (header(request, 'authorization') !== this.#authorization) return refused('190');
    if (request.method === 'GET' && this.#numberPath.test(request.path))
      return { kind: 'other', name: 'number read', answer: jsonAnswer(200, this.#number()) };
    if (request.method !== 'POST' || !this.#path.test(request.path))
      return refused('100', `Unsupported post request: ${request.method} ${request.path}`);
    if (!/^application\/json\b/i.test(header(request, 'content-type') ?? '')) return refused('100', 'content-type');
    if (request.isOversize) return refused('100', 'The body is too large.');
    const read = readMessage(readJson(request.body));
    if ('code' in read) return refused(read.code, read.details);
    if (read.to === this.#account.displayNumber) return refused('131021');
    return { kind: 'message', target: read.to, message: { ...read, wamid: this.#nextId() } };
  }

  #number(): object {
    const { phoneNumberId: id, displayNumber: display_phone_number } = this.#account;
    return { id, display_phone_number, verified_name: 'Simulated', quality_rating: 'GREEN' };
  }

  accept({ wamid, to, type }: WhatsAppSent): Answer {
    const status = this.#held.delete(wamid) ? 'held_for_quality_assessment' : 'accepted';
    return jsonAnswer(200, {
      messaging_product: 'whatsapp',
      contacts: [{ input: to, wa_id: waIdOf(to) }],
      messages: [{ id: wamid, ...(type === 'template' && { message_status: status }) }],
    });
  }

  onAccepted(_request: WireRequest, { message, answer, at }: Received<WhatsAppSent>): Promise<unknown> | undefined {
    if (answer === 'held') this.#held.add(message.wamid);
    if (answer === 'mute' || this.callbacks.url === null) return undefined;
    const told = this.callbacks.tellStatuses(this.#statusesOf(message, answer, at));
    return answer === 'early' ? told : undefined;
  }

  async inbound(given: readonly InboundMessage[]): Promise<number | null> {
    if (this.callbacks.url === null) throw new FaultError('the stand-in knows no URL for messages of people');
    const messages = given.map((one) => this.#messageOf(one));
    const contacts = given.map(({ from, userId }) => ({
      profile: { name: 'Simulated' },
      ...(from !== undefined && { wa_id: waIdOf(from) }),
      ...(userId !== undefined && { user_id: userId }),
    }));
    return this.callbacks.tell([{ contacts, messages }], 'inbound');
  }

  #messageOf({ from, userId, text = '', message, at = this.#clock.now(), answers }: InboundMessage): object {
    const known = this.#wrote.get(from ?? '') ?? 0;
    if (from !== undefined) this.#wrote.set(from, Math.max(known, at.getTime()));
    return {
      ...(from !== undefined && { from: waIdOf(from) }),
      ...(userId !== undefined && { from_user_id: userId }),
      ...{ id: this.#nextId(), timestamp: secondsOf(at) },
      ...(message ?? { type: 'text', text: { body: text } }),
      ...(answers !== undefined && { context: { from: this.#account.displayNumber.slice(1), id: answers } }),
    };
  }

  #statusesOf(message: WhatsAppSent, answer: string, at: Date): object[] {
    const late =
      answer === 'held' ? '132015' : Object.hasOwn(lateErrors, answer) ? answer : this.#lateErrorOf(message, at);
    const names = late !== null ? ['failed'] : (courses[answer] ?? ['sent', 'delivered']);
    return names.map((status) => ({
      ...{ id: message.wamid, status, timestamp: secondsOf(at), recipient_id: waIdOf(message.to) },
      ...(message.reference !== null && { biz_opaque_callback_data: message.reference }),
      ...(status === 'failed' && late !== null && { errors: [errorOf(late)] }),
    }));
  }

  /** Meta accepts what it will not deliver, and says so later. */
  #lateErrorOf({ type, to }: WhatsAppSent, at: Date): string | null {
    return type === 'template' || at.getTime() - (this.#wrote.get(to) ?? 0) < WINDOW_MS ? null : '131047';
  }

  #nextId(): string {
    this.#messages += 1;
    return `wamid.${Buffer.from(`${this.#account.phoneNumberId}/${this.#messages}`).toString('base64url')}`;
  }
}

/** The statuses of a message, in the order in which they come. */
const courses: Readonly<Record<string, readonly string[]>> = {
  read: ['sent', 'delivered', 'read'],
  unordered: ['read', 'delivered', 'sent', 'read'],
};

function errorOf(code: string): object {
  const [title, details] = lateErrors[code] ?? ['', ''];
  return { code: Number(code), title, message: title, error_data: { details } };
}

/** Meta's id of a person: the digits of the number, and for Mexican ones the older form. */
function waIdOf(number: string): string {
  return number.slice(1).replace(/^52(\d{10})$/, '521$1');
}

function secondsOf(at: Date): string {
  return String(Math.floor(at.getTime() / 1_000));
}

function refused(code: string, details?: string): Verdict<WhatsAppSent> {
  return { kind: 'refused', name: code, answer: refusal(code, details) };
}
