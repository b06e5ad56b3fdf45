import { randomBytes } from 'node:crypto';
import { type Answer, header, type WireRequest } from '../../net/wire.ts';
import { jsonAnswer } from '../answers.ts';
import { FaultError } from '../faults.ts';
import type { Received } from '../ledger.ts';
import {
  type ProviderRules,
  type Simulator,
  type SimulatorOptions,
  startSimulator,
  type Verdict,
} from '../simulator.ts';
import { answers, lateErrors, orderInNumber, refusal } from './twilio-answers.ts';
import { TwilioCallbacks } from './twilio-callbacks.ts';
import { readMessage, type TwilioMessage, type TwilioSenders } from './twilio-message.ts';

export interface TwilioAccount extends TwilioSenders {
  accountSid: string;
  authToken: string;
}

export interface TwilioOptions extends SimulatorOptions {
  /** Generated if absent. */
  account?: TwilioAccount;
  /** Where inbound messages are posted. null, the default: beside the last status callback that was asked for. */
  inboundUrl?: string | null;
}

/** A text that somebody sends to the account. */
export interface InboundText {
  from: string;
  body: string;
  /** Default: the account's number. */
  to?: string;
  /** Twilio has acted on it: Advanced Opt-Out. */
  optOutType?: 'STOP' | 'START' | 'HELP';
}

/** Our answer to a callback. */
export interface Answered {
  status: number;
  type: string | undefined;
  body: string;
}

export interface TwilioSimulator extends Simulator<TwilioMessage> {
  account: TwilioAccount;
  /** Posts an inbound message. Resolves to our answer; null: none came. Throws if no URL is known. */
  inbound(text: InboundText): Promise<Answered | null>;
  /** Posts a status callback that nothing caused. Resolves to the status of the answer; null: none came. */
  callback(url: string, fields: Readonly<Record<string, string>>): Promise<number | null>;
  /** Resolves when no callback is under way. */
  idle(): Promise<void>;
}

export function makeTwilioAccount(): TwilioAccount {
  return {
    accountSid: `AC${randomBytes(16).toString('hex')}`,
    authToken: randomBytes(16).toString('hex'),
    from: '+14155550100',
    messagingServiceSid: `MG${randomBytes(16).toString('hex')}`,
  };
}

/** A stand-in for the Messages API of Twilio, with its status callbacks and inbound messages, both signed. */
export async function startTwilioSimulator(options: TwilioOptions = {}): Promise<TwilioSimulator> {
  const account = options.account ?? makeTwilioAccount();
  const rules = new Twilio(account, options.inboundUrl ?? null);
  const simulator = await startSimulator(() => rules, options);
  return {
    ...simulator,
    account,
    counts() {
      const counts = simulator.counts();
      return { ...counts, answers: { ...counts.answers, ...rules.callbacks.counts() } };
    },
    inbound: (text) => rules.inbound(text),
    postInbound: (message) => void rules.inbound(readInboundText(message)),
    async callback(url, fields) {
      const reply = await rules.callbacks.post(url, Object.entries(fields), 'callback');
      return reply?.status ?? null;
    },
    idle: () => rules.callbacks.idle(),
    reset() {
      simulator.reset();
      rules.callbacks.reset();
    },
    async stop() {
      await simulator.stop();
      await rules.callbacks.stop();
    },
  };
}

/** Reads `{"from":…,"body":…,"to":…,"opt_out_type":…}`. Throws FaultError. */
function readInboundText(message: object): InboundText {
  const { from, body, to, opt_out_type: optOutType } = message as Record<string, unknown>;
  if (typeof from !== 'string' || typeof body !== 'string') throw new FaultError('expected from and body as texts');
  const type = (['STOP', 'START', 'HELP'] as const).find((one) => one === optOutType);
  return { from, body, ...(typeof to === 'string' && { to }), ...(type && { optOutType: type }) };
}

/** The words after which Twilio sends nothing more to a number, or sends again. */
const stopWords = /^(stop|stopall|unsubscribe|cancel|end|quit|revoke|optout)$/i;
const startWords = /^(start|yes|unstop)$/i;

class Twilio implements ProviderRules<TwilioMessage> {
  readonly answers = answers;
  readonly deadAnswer = '21211';
  readonly orderInTarget = orderInNumber;
  readonly wire = { protocols: ['http/1.1'] as const, maxBodyBytes: 65_536, maxStreams: 1, goAwayText: '' };
  readonly callbacks: TwilioCallbacks;
  readonly #account: TwilioAccount;
  readonly #login: string;
  readonly #path: string;
  readonly #optedOut = new Set<string>();
  #inboundUrl: string | null;
  #messages = 0;

  constructor(account: TwilioAccount, inboundUrl: string | null) {
    this.#account = account;
    this.#login = `Basic ${Buffer.from(`${account.accountSid}:${account.authToken}`).toString('base64')}`;
    this.#path = `/2010-04-01/Accounts/${account.accountSid}/Messages.json`;
    this.#inboundUrl = inboundUrl;
    this.callbacks = new TwilioCallbacks(account.authToken);
  }

  judge(request: WireRequest): Verdict<TwilioMessage> {
    if (header(request, 'authorization') !== this.#login) return refused('20003');
    if (request.method === 'GET' && request.path.split('?')[0] === this.#path)
      return { kind: 'other', name: 'messages listed', answer: jsonAnswer(200, { messages: [], page: 0 }) };
    if (request.method !== 'POST' || request.path !== this.#path) return refused('20404');
    if (!/^application\/x-www-form-urlencoded\b/i.test(header(request, 'content-type') ?? '')) return refused('20001');
    const form = new URLSearchParams(request.body.toString('utf8'));
    const message = readMessage(form, this.#account, this.#nextSid());
    if (typeof message === 'string') return refused(message);
    return this.#optedOut.has(message.to) ? refused('21610') : { kind: 'message', target: message.to, message };
  }

  accept({ sid, to, from, messagingServiceSid, body, mediaUrls }: TwilioMessage): Answer {
    const { accountSid } = this.#account;
    return jsonAnswer(201, {
      ...{ sid, account_sid: accountSid, to, from, messaging_service_sid: messagingServiceSid, body },
      ...{ status: messagingServiceSid === null ? 'queued' : 'accepted', direction: 'outbound-api' },
      ...{ num_segments: messagingServiceSid === null ? '1' : '0', num_media: String(mediaUrls.length) },
      ...{ error_code: null, error_message: null, uri: `/2010-04-01/Accounts/${accountSid}/Messages/${sid}.json` },
    });
  }

  onAccepted(_request: WireRequest, { message, answer }: Received<TwilioMessage>): Promise<unknown> | undefined {
    const { statusCallback } = message;
    if (statusCallback === null) return undefined;
    this.#inboundUrl ??= statusCallback.replace(/\/status\/.*$/, '/inbound');
    if (answer === 'mute') return undefined;
    const told = this.callbacks.keep(this.#tell(message, statusCallback, answer));
    return answer === 'early' ? told : undefined;
  }

  inbound({ from, to = this.#account.from, body, optOutType }: InboundText): Promise<Answered | null> {
    const url = this.#inboundUrl;
    if (url === null) throw new FaultError('the stand-in knows no URL for inbound messages yet');
    if (optOutType === 'STOP' || stopWords.test(body.trim())) this.#optedOut.add(from);
    if (optOutType === 'START' || startWords.test(body.trim())) this.#optedOut.delete(from);
    const { accountSid, messagingServiceSid } = this.#account;
    const sid = this.#nextSid();
    const fields = Object.entries({
      ...{
        ToCountry: 'US',
        SmsMessageSid: sid,
        NumMedia: '0',
        FromCity: '',
        SmsStatus: 'received',
        Body: body,
        To: to,
      },
      ...{ MessagingServiceSid: messagingServiceSid, NumSegments: '1', MessageSid: sid, AccountSid: accountSid },
      ...{ From: from, ApiVersion: '2010-04-01', ...(optOutType !== undefined && { OptOutType: optOutType }) },
    });
    const posted = this.callbacks.post(url, fields, 'inbound');
    return this.callbacks.keep(
      posted.then(
        (reply) => reply && { status: reply.status, type: reply.headers['content-type'], body: reply.body.toString() },
      ),
    );
  }

  async #tell(message: TwilioMessage, url: string, answer: string): Promise<void> {
    const last = lateErrors.has(answer) ? 'undelivered' : 'delivered';
    const statuses = answer === 'unordered' ? [last, 'sent', last] : ['sent', last];
    for (const status of statuses) {
      const fields = {
        ...{ ApiVersion: '2010-04-01', MessageStatus: status, SmsSid: message.sid, SmsStatus: status, To: message.to },
        ...{ From: message.from ?? this.#account.from, MessageSid: message.sid, AccountSid: this.#account.accountSid },
        ...(message.messagingServiceSid !== null && { MessagingServiceSid: message.messagingServiceSid }),
        ...(status === 'undelivered' && { ErrorCode: answer }),
      };
      await this.callbacks.post(url, Object.entries(fields), `callback ${status}`);
    }
  }

  #nextSid(): string {
    this.#messages += 1;
    return `SM${this.#messages.toString(16).padStart(32, '0')}`;
  }
}

function refused(code: string): Verdict<TwilioMessage> {
  return { kind: 'refused', name: code, answer: refusal(code) };
}
