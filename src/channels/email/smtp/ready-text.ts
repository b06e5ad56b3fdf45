import { Readable, Transform } from 'node:stream';

/** A line break that is not CRLF. A receiver could take one for the end of a line, and what follows for commands. */
const bareBreak = /\r(?!\n)|(?<!\r)\n/;

/**
 * The text of a mail for the connection, which doubles the dots at line starts and writes the end. It does this byte by
 * byte, which takes longer than all else that a mail costs. This stream therefore hands over a text that is ready: the whole at
 * once, with doubled dots. A text that has other line breaks than CRLF, or no end of its last line, is handed over as usual.
 */
export class ReadyText extends Readable {
  readonly #text: string;
  /** Whether the connection has asked for the text, so that the server may have it. */
  override readableDidRead = false;

  constructor(text: string) {
    super();
    this.#text = text;
  }

  override pipe<T extends NodeJS.WritableStream>(connection: T, options?: { end?: boolean }): T {
    this.readableDidRead = true;
    const text = this.#text;
    if (!(connection instanceof Transform) || !text.endsWith('\r\n') || bareBreak.test(text))
      return super.pipe(connection, options);
    // The connection writes the end of the last line together with the dot that ends the mail.
    const stuffed = text.slice(0, -2).replaceAll('\r\n.', '\r\n..');
    connection.push(stuffed.startsWith('.') ? `.${stuffed}` : stuffed);
    connection.end();
    this.push(null);
    return connection;
  }

  override _read(): void {
    this.readableDidRead = true;
    this.push(this.#text);
    this.push(null);
  }
}
