import type { IncomingHttpHeaders } from 'node:http';

/** The peer's answer is not HTTP/1.1, or larger than any answer may be. */
export class BrokenAnswer extends Error {
  override name = 'BrokenAnswer';
  readonly code = 'EPROTO';
}

/** Longest head, chunk line and block of trailers, in bytes each. */
const MAX_HEAD_BYTES = 16_384;
/** An unwanted body is read up to this length, so that the connection can be reused; a longer one ends the connection. */
const MAX_DISCARDED_BYTES = 16_384;

const CR = 13;
const LF = 10;
const headEnd = Buffer.from('\r\n\r\n');
const lineEnd = Buffer.from('\r\n');
const nothing = Buffer.alloc(0);
const statusLine = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [^\r\n\0]*)?$/;
const fieldLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*?)[ \t]*$/;

type State = 'head' | 'sized' | 'chunk line' | 'chunk' | 'chunk end' | 'trailers' | 'until close' | 'ended';

/**
 * Reads one answer after the other from the bytes of a connection. States: head → ended; or head → sized or until close →
 * ended; or head → (chunk line → chunk → chunk end)* → trailers → ended. Answers of the class 1xx are read and forgotten.
 * Source: RFC 9112.
 */
export class AnswerReader {
  /** 0: the head has not arrived. */
  status = 0;
  headers: IncomingHttpHeaders = {};
  /** Whether the peer lets the connection be used again. */
  keepsAlive = true;
  /** The body is longer than anything that is kept or worth reading. */
  isTooLong = false;
  #state: State = 'ended';
  #kept: Buffer[] = [];
  #keptBytes = 0;
  #bodyBytes = 0;
  #left = 0;
  #most = 0;
  #mostOf: number | ((status: number) => number) = 0;
  /** Bytes of a head or a line that is incomplete. */
  #rest = nothing;

  /** Prepares for the next answer. `maxReplyBytes`: how many bytes of its body to keep, or that by the status. */
  begin(maxReplyBytes: number | ((status: number) => number)): void {
    this.status = 0;
    this.headers = {};
    this.keepsAlive = true;
    this.isTooLong = false;
    this.#state = 'head';
    this.#kept = [];
    this.#keptBytes = 0;
    this.#bodyBytes = 0;
    this.#mostOf = maxReplyBytes;
    this.#rest = nothing;
  }

  get hasEnded(): boolean {
    return this.#state === 'ended';
  }

  /** Whether the body is not wanted, so that the answer is complete with its head. */
  get isHeadEnough(): boolean {
    return this.status !== 0 && this.#most === 0;
  }

  /** The part of the body that is kept. */
  get body(): Buffer {
    const [first = nothing] = this.#kept;
    return this.#kept.length <= 1 ? first : Buffer.concat(this.#kept);
  }

  /**
   * Reads the next bytes, and copies what it keeps. Returns how many it used: the rest comes after the end of the answer.
   * Throws BrokenAnswer.
   */
  read(bytes: Buffer): number {
    let data = bytes;
    const before = this.#rest.length;
    if (before > 0) {
      data = Buffer.concat([this.#rest, bytes]);
      this.#rest = nothing;
    }
    let at = 0;
    while (at < data.length && this.#state !== 'ended') {
      const used = this.#step(data, at);
      if (used === 0) {
        this.#wait(data.subarray(at));
        return bytes.length;
      }
      at += used;
    }
    return at - before;
  }

  /** Whether the answer is complete once the peer closes the connection. */
  get endsWithConnection(): boolean {
    return this.#state === 'until close' || this.#state === 'ended';
  }

  /** Returns how many bytes it used. 0: it needs more. */
  #step(data: Buffer, at: number): number {
    switch (this.#state) {
      case 'head':
        return this.#readHead(data, at);
      case 'sized':
      case 'chunk':
        return this.#readSized(data, at);
      case 'until close':
        this.#keep(data.subarray(at));
        return data.length - at;
      case 'chunk line':
        return this.#readChunkLine(data, at);
      case 'chunk end':
        return this.#readChunkEnd(data, at);
      default:
        return this.#readTrailer(data, at);
    }
  }

  #wait(rest: Buffer): void {
    if (rest.length > MAX_HEAD_BYTES) throw new BrokenAnswer('a head or a line is too long');
    this.#rest = Buffer.from(rest);
  }

  #readHead(data: Buffer, at: number): number {
    const end = data.indexOf(headEnd, at);
    if (end === -1) return 0;
    if (end - at > MAX_HEAD_BYTES) throw new BrokenAnswer('the head is too long');
    const [first = '', ...lines] = data.toString('latin1', at, end).split('\r\n');
    const [, minor, status] = statusLine.exec(first) ?? [];
    if (status === undefined) throw new BrokenAnswer('this is no status line');
    if (status === '101') throw new BrokenAnswer('nobody asked to switch protocols');
    if (!status.startsWith('1')) this.#beginBody(Number(status), readFields(lines), minor === '1');
    return end + headEnd.length - at;
  }

  #beginBody(status: number, headers: Record<string, string>, isNew: boolean): void {
    const { connection, 'content-length': length, 'transfer-encoding': coding } = headers;
    this.status = status;
    this.headers = headers;
    this.#most = typeof this.#mostOf === 'number' ? this.#mostOf : this.#mostOf(status);
    this.keepsAlive = isNew && (connection === undefined || !/(^|[ \t,])close($|[ \t,])/i.test(connection));
    this.#state = 'ended';
    if (status === 204 || status === 304) return;
    if (coding !== undefined) this.#beginCoded(coding, length);
    else if (length === undefined) this.#state = 'until close';
    else if (!/^\d{1,15}$/.test(length)) throw new BrokenAnswer('Content-Length is no number');
    else {
      this.#left = Number(length);
      if (this.#left > 0) this.#state = 'sized';
    }
  }

  /** Two lengths of one body are how answers are smuggled. */
  #beginCoded(coding: string, length: string | undefined): void {
    if (length !== undefined) throw new BrokenAnswer('both Content-Length and Transfer-Encoding');
    this.#state = /^chunked$/i.test(coding) ? 'chunk line' : 'until close';
    if (this.#state === 'until close') this.keepsAlive = false;
  }

  #readSized(data: Buffer, at: number): number {
    const size = Math.min(this.#left, data.length - at);
    this.#keep(data.subarray(at, at + size));
    this.#left -= size;
    if (this.#left === 0) this.#state = this.#state === 'sized' ? 'ended' : 'chunk end';
    return size;
  }

  #readChunkLine(data: Buffer, at: number): number {
    const line = lineAt(data, at);
    if (line === null) return 0;
    const size = /^([0-9a-f]{1,8})[ \t]*(?:;|$)/i.exec(line)?.[1];
    if (size === undefined) throw new BrokenAnswer('this is no chunk');
    this.#left = Number.parseInt(size, 16);
    this.#state = this.#left === 0 ? 'trailers' : 'chunk';
    return line.length + lineEnd.length;
  }

  #readChunkEnd(data: Buffer, at: number): number {
    if (data.length - at < lineEnd.length) return 0;
    if (data[at] !== CR || data[at + 1] !== LF) throw new BrokenAnswer('a chunk is longer than it says');
    this.#state = 'chunk line';
    return lineEnd.length;
  }

  #readTrailer(data: Buffer, at: number): number {
    const line = lineAt(data, at);
    if (line === null) return 0;
    if (line === '') this.#state = 'ended';
    // Nobody needs them, but they may go on for ever.
    this.#count(line.length);
    return line.length + lineEnd.length;
  }

  #keep(bytes: Buffer): void {
    const wanted = Math.min(this.#most - this.#keptBytes, bytes.length);
    if (wanted > 0) {
      this.#kept.push(Buffer.from(bytes.subarray(0, wanted)));
      this.#keptBytes += wanted;
    }
    this.#count(bytes.length);
  }

  #count(bytes: number): void {
    this.#bodyBytes += bytes;
    if (this.#bodyBytes > Math.max(this.#most, MAX_DISCARDED_BYTES)) this.isTooLong = true;
  }
}

/** The header fields by their names in lower case. Repeated ones are joined by commas. */
function readFields(lines: readonly string[]): Record<string, string> {
  const fields: Record<string, string> = Object.create(null);
  for (const line of lines) {
    const [, given, value] = fieldLine.exec(line) ?? [];
    if (given === undefined || value === undefined) throw new BrokenAnswer('this is no header field');
    const name = given.toLowerCase();
    const known = fields[name];
    // Of two lengths, only equal ones have a meaning.
    if (known === undefined || (name === 'content-length' && known === value)) fields[name] = value;
    else fields[name] = `${known}, ${value}`;
  }
  return fields;
}

/** The line that begins here, without its end. null: it is incomplete. */
function lineAt(data: Buffer, at: number): string | null {
  const end = data.indexOf(lineEnd, at);
  if (end === -1) return null;
  if (end - at > MAX_HEAD_BYTES) throw new BrokenAnswer('a line is too long');
  return data.toString('latin1', at, end);
}
