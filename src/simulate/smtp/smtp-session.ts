import type { Socket } from 'node:net';

/** What a session asks of the stand-in. */
export interface SmtpDesk {
  /** Login in base64, as `AUTH PLAIN` has it. */
  login: string;
  /** Called for each command and each text. */
  asked(): void;
  refused(name: string): void;
  /** Decides about a recipient. */
  recipient(envelope: Envelope, address: string): Decision;
  /** Decides about the text of a mail whose recipients were accepted. */
  text(envelope: Envelope, text: string): Decision;
}

export interface Envelope {
  from: string;
  /** The sender's own name of the mail, for reports. Source: RFC 3461 §4.4. null: none. */
  envelopeId: string | null;
  to: string[];
}

/** `reply`: what to say, without the last line end. null: nothing. */
export interface Decision {
  reply: string | null;
  isGood: boolean;
  hangsUp: boolean;
  afterMs: number;
}

export const MOST_MAIL_BYTES = 26_214_400;
const MOST_LINE_BYTES = 4_096;

/** One connection of a mail client. Source: RFC 5321. */
export class SmtpSession {
  readonly #socket: Socket;
  readonly #desk: SmtpDesk;
  #isLoggedIn = false;
  #envelope: Envelope | null = null;

  constructor(socket: Socket, desk: SmtpDesk) {
    this.#socket = socket;
    this.#desk = desk;
  }

  /** Serves the client until one of both ends the connection. */
  async serve(): Promise<void> {
    this.#say('220 mx.simulated.test ESMTP cresset simulate');
    let buffer = '';
    let isInText = false;
    for await (const chunk of this.#socket as AsyncIterable<string>) {
      buffer += chunk;
      for (;;) {
        const mark = isInText ? '\r\n.\r\n' : '\r\n';
        const end = buffer.indexOf(mark);
        if (end === -1) break;
        const line = buffer.slice(0, end);
        buffer = buffer.slice(end + mark.length);
        if (isInText) await this.#text(line);
        else await this.#command(line);
        isInText = !isInText && /^DATA$/i.test(line) && this.#isReady();
      }
      if (buffer.length > (isInText ? MOST_MAIL_BYTES * 2 : MOST_LINE_BYTES)) return this.#hangUp('500 5.5.2 too long');
    }
  }

  #isReady(): boolean {
    return (this.#envelope?.to.length ?? 0) > 0;
  }

  async #command(line: string): Promise<void> {
    this.#desk.asked();
    const [verb = ''] = line.toUpperCase().split(' ', 1);
    switch (verb) {
      case 'EHLO':
      case 'HELO':
        this.#envelope = null;
        return this.#say(
          `250-mx.simulated.test\r\n250-AUTH PLAIN\r\n250-SIZE ${MOST_MAIL_BYTES}\r\n250-SMTPUTF8\r\n250-8BITMIME\r\n250 DSN`,
        );
      case 'AUTH':
        return this.#login(line);
      case 'MAIL':
        return this.#mail(line);
      case 'RCPT':
        return this.#recipient(line);
      case 'DATA':
        return this.#isReady() ? this.#say('354 go ahead') : this.#refuse('sequence', '503 5.5.1 recipients first');
      case 'RSET':
        this.#envelope = null;
        return this.#say('250 2.0.0 ok');
      case 'NOOP':
        return this.#say('250 2.0.0 ok');
      case 'QUIT':
        return this.#hangUp('221 2.0.0 bye');
      default:
        return this.#refuse('command', '502 5.5.1 no such command');
    }
  }

  #login(line: string): void {
    const [, given] = /^AUTH PLAIN (\S+)$/i.exec(line) ?? [];
    this.#isLoggedIn = given === this.#desk.login;
    if (this.#isLoggedIn) this.#say('235 2.7.0 welcome');
    else this.#refuse('login', '535 5.7.8 username and password not accepted');
  }

  #mail(line: string): void {
    const [, from, parameters = ''] = /^MAIL FROM: ?<([^<>]*)>(.*)$/i.exec(line) ?? [];
    const size = Number(/ SIZE=(\d+)/i.exec(parameters)?.[1] ?? 0);
    const id = / ENVID=(\S+)/i.exec(parameters)?.[1] ?? null;
    if (!this.#isLoggedIn) this.#refuse('login', '530 5.7.0 authentication required');
    else if (from === undefined) this.#refuse('sender', '501 5.1.7 the sender is no address');
    else if (size > MOST_MAIL_BYTES) this.#refuse('size', '552 5.3.4 the mail is too large');
    else {
      this.#envelope = { from, envelopeId: id && fromXtext(id), to: [] };
      this.#say('250 2.1.0 ok');
    }
  }

  async #recipient(line: string): Promise<void> {
    const [, address = ''] = /^RCPT TO: ?<([^<>\s]+@[^<>\s@]+)>/i.exec(line) ?? [];
    const envelope = this.#envelope;
    if (envelope === null) return this.#refuse('sequence', '503 5.5.1 the sender first');
    if (address === '') return this.#refuse('address', '501 5.1.3 the recipient is no address');
    const decision = this.#desk.recipient(envelope, address);
    if (decision.isGood) envelope.to.push(address);
    await this.#act(decision);
  }

  async #text(text: string): Promise<void> {
    const envelope = this.#envelope;
    this.#envelope = null;
    if (envelope === null) return;
    this.#desk.asked();
    if (text.length > MOST_MAIL_BYTES) return this.#refuse('size', '552 5.3.4 the mail is too large');
    await this.#act(this.#desk.text(envelope, text.replace(/^\.\./gm, '.')));
  }

  async #act({ reply, hangsUp, afterMs }: Decision): Promise<void> {
    if (afterMs > 0) await new Promise((next) => setTimeout(next, afterMs).unref());
    if (hangsUp) this.#hangUp(reply);
    else if (reply !== null) this.#say(reply);
  }

  #refuse(name: string, reply: string): void {
    this.#desk.refused(name);
    this.#say(reply);
  }

  #say(reply: string): void {
    if (!this.#socket.destroyed) this.#socket.write(`${reply}\r\n`);
  }

  #hangUp(reply: string | null): void {
    if (reply === null) this.#socket.destroy();
    else this.#socket.end(`${reply}\r\n`);
  }
}

/** Source: RFC 3461 §4: `+41` stands for `A`. */
function fromXtext(text: string): string {
  return text.replace(/\+([0-9A-F]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
