import { randomUUID } from 'node:crypto';
import nodemailer from 'nodemailer';
import { systemClock } from '../../lib/clock.ts';
import { Callbacks } from '../callbacks.ts';
import { drawFault, drawLatency, FaultError, type FaultPlan, isDeadByPlan, noFaults, readOrder } from '../faults.ts';
import { type Counts, Ledger } from '../ledger.ts';
import type { SimulatorOptions } from '../simulator.ts';
import { orderInName } from '../target-names.ts';
import type { MailAccount } from './mail-account.ts';
import { type Report, reportOf } from './reports.ts';
import { headerIn, headersOf, type SentMail } from './sent-mail.ts';
import { type MailService, webhookOf } from './service-events.ts';
import { comesBack, type MailNews, type SmtpAnswer, smtpAnswer } from './smtp-answers.ts';
import type { Decision, Envelope, SmtpDesk } from './smtp-session.ts';

export interface SmtpOptions extends SimulatorOptions {
  /** Generated if absent. */
  account?: MailAccount;
  /** Whose webhooks are posted. null, the default: what becomes of a mail is reported by mail. */
  service?: MailService | null;
  /** Where that service's webhooks are posted. null: nowhere until `tellAt`. */
  eventsUrl?: string | null;
  /** The smtp URL to which bounce mails and complaints go. null: nowhere. */
  reportsUrl?: string | null;
}

interface Order {
  name: string;
  answer: SmtpAnswer;
}

/** Decides about mails, keeps the ledger, and tells what became of them. */
export class Desk implements SmtpDesk {
  readonly login: string;
  readonly ledger: Ledger<SentMail>;
  readonly callbacks = new Callbacks();
  readonly #options: SmtpOptions;
  readonly #account: MailAccount;
  /** What each recipient of a mail asked for, until its text has come. */
  readonly #orders = new WeakMap<Envelope, Map<string, Order | null>>();
  readonly #reports: ReturnType<typeof nodemailer.createTransport> | null;
  #plan: FaultPlan = noFaults;
  #service: MailService | null;
  #eventsUrl: string | null;

  constructor(account: MailAccount, options: SmtpOptions) {
    const { keep = 1_000, reportsUrl = null, service = null, eventsUrl = null, faults = noFaults } = options;
    this.#options = options;
    this.#account = account;
    this.login = Buffer.from(`\0${account.username}\0${account.password}`).toString('base64');
    this.ledger = new Ledger(keep);
    this.#service = service;
    this.#eventsUrl = eventsUrl;
    this.#reports =
      reportsUrl === null ? null : nodemailer.createTransport({ url: reportsUrl, pool: true, ignoreTLS: true });
    this.setFaults(faults);
  }

  tellAt(service: MailService, eventsUrl: string): void {
    this.#service = service;
    this.#eventsUrl = eventsUrl;
  }

  setFaults(plan: FaultPlan): void {
    for (const { answer } of plan.faults)
      if (smtpAnswer(answer) === undefined) throw new FaultError(`there is no answer "${answer}"`);
    this.#plan = plan;
  }

  counts(connections: number): Counts {
    const counts = this.ledger.counts();
    return { ...counts, connections, answers: { ...counts.answers, ...this.callbacks.counts() } };
  }

  reset(): void {
    this.ledger.reset();
    this.callbacks.reset();
  }

  async stop(): Promise<void> {
    await this.callbacks.stop();
    this.#reports?.close();
  }

  asked(): void {
    this.ledger.requested();
  }

  refused(name: string): void {
    this.ledger.answered(name);
  }

  recipient(envelope: Envelope, address: string): Decision {
    const record = this.ledger.tried(address);
    const order = this.#orderFor(address, record.tries, record.dead);
    if (order === undefined) return this.#misspelt();
    const orders = this.#orders.get(envelope) ?? new Map<string, Order | null>();
    this.#orders.set(envelope, orders.set(address, order));
    if (order === null || order.answer.at === 'text') return good('250 2.1.5 ok');
    this.ledger.answered(order.name);
    if (order.answer.kills === true) record.dead = order.name;
    return this.#decision(order, drawLatency(this.#plan, this.#seed, address, record.tries));
  }

  text(envelope: Envelope, text: string): Decision {
    const headers = headersOf(text);
    const asked = headerIn(headers, 'x-simulate');
    let decided: Order | undefined;
    let afterMs = 0;
    for (const to of envelope.to) {
      const ordered =
        this.#orders.get(envelope)?.get(to) ?? named(asked === undefined ? 'accepted' : readOrder(asked).answer);
      if (ordered === undefined) return this.#misspelt();
      const record = this.ledger.target(to);
      afterMs = Math.max(afterMs, drawLatency(this.#plan, this.#seed, to, record.tries));
      this.#record(ordered, { ...envelope, id: randomUUID(), to, headers, text, at: this.#now() });
      decided = decided === undefined || ordered.answer.accepts !== true ? ordered : decided;
    }
    return decided === undefined ? this.#misspelt() : this.#decision(decided, afterMs);
  }

  get #seed(): number {
    return this.#options.seed ?? 1;
  }

  #now(): Date {
    return (this.#options.clock ?? systemClock).now();
  }

  /** null: nothing was asked for. undefined: it has no such answer. */
  #orderFor(address: string, tries: number, dead: string | null): Order | null | undefined {
    if (dead !== null || isDeadByPlan(this.#plan, this.#seed, address)) return named(dead ?? 'no_such_user');
    const order = orderInName(address, tries) ?? drawFault(this.#plan, this.#seed, address, tries);
    return order === null ? null : named(order.answer);
  }

  #record({ name, answer }: Order, mail: SentMail): void {
    this.ledger.answered(name);
    this.ledger.keep({ target: mail.to, message: mail, answer: name, at: mail.at });
    if (answer.accepts !== true) return;
    this.ledger.accepted(this.ledger.target(mail.to), mail.at);
    this.callbacks.keep(this.#tell(comesBack[name] ?? ['delivered'], mail));
  }

  async #tell(news: readonly MailNews[], mail: SentMail): Promise<void> {
    for (const one of news) {
      const report = this.#service === null || one === 'vacation' ? reportOf(one, mail) : null;
      if (report !== null) await this.#mail(report, one);
      else if (this.#service !== null && this.#eventsUrl !== null) {
        const webhook = webhookOf(this.#service, { news: one, mail, at: this.#now(), account: this.#account });
        if (webhook !== null) await this.callbacks.send({ url: this.#eventsUrl, ...webhook }, `event ${one}`);
      }
    }
  }

  async #mail({ to, raw }: Report, news: MailNews): Promise<void> {
    const said = await this.#reports?.sendMail({ envelope: { from: '', to }, raw }).then(
      ({ response }) => response.slice(0, 3),
      (error: { responseCode?: number }) => String(error.responseCode ?? 'no answer'),
    );
    if (said !== undefined) this.callbacks.count(`report ${news}: ${said}`);
  }

  #decision({ answer }: Order, latencyMs: number): Decision {
    const { kind, text, isSlow, accepts } = answer;
    return {
      reply: kind === 'silence' || text === '' ? null : text,
      isGood: accepts === true,
      hangsUp: kind === 'hang_up',
      afterMs: latencyMs + (isSlow === true ? this.#plan.slowMs : 0),
    };
  }

  /** A misspelt name must not look like an accepted mail. */
  #misspelt(): Decision {
    this.ledger.answered('misspelt');
    return { ...good('554 5.5.0 this stand-in has no such answer'), isGood: false };
  }
}

function named(name: string): Order | undefined {
  const [known, answer] = smtpAnswer(name) ?? [];
  return known === undefined || answer === undefined ? undefined : { name: known, answer };
}

function good(reply: string): Decision {
  return { reply, isGood: true, hangsUp: false, afterMs: 0 };
}
