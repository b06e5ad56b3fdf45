import type { Budget } from '../liquid/budget.ts';
import type { Value } from '../liquid/values/values.ts';

/** One call that a tag asks for, with everything rendered. */
export interface ContentRequest {
  method: 'GET' | 'POST';
  /** Not checked yet. */
  url: string;
  /** Names in lower case → values without line breaks. */
  headers: Readonly<Record<string, string>>;
  /** null: the request has no body. */
  body: string | null;
  /** The name of the credential that it is sent with. null: none. */
  credential: string | null;
  /** How long the answer may be given to others who ask the same, in seconds. 0: it may not. */
  shareSeconds: number;
  /** The message is to wait and try again if the server fails. */
  isRetried: boolean;
  /** No output stands in the tag, so that this very object is given by every message. */
  isLiteral: boolean;
}

/** What a call brought. */
export interface ContentAnswer {
  status: number;
  /** The body. null: there is none that may be used. */
  text: string | null;
  /** The body as JSON, with its status if it is an object. undefined: it is not JSON. Throws LiquidError, LimitReached. */
  json(budget: Budget): Value | undefined;
}

/**
 * Gives a rendering the answers to its calls. Nothing is waited for: a call that was not made yet ends the rendering with a
 * RenderStop and is noted, so that the message can be rendered again once the answer is there.
 */
export interface ContentReader {
  /** Throws RenderStop, LimitReached and LiquidError. */
  answerTo(request: ContentRequest): ContentAnswer;
  /** The author has ended the message, so it does not wait for a server that fails. */
  noteAbort(): void;
}

/** Given to the tags of a rendering that may make calls. */
export class ContentHost {
  readonly reader: ContentReader;

  constructor(reader: ContentReader) {
    this.reader = reader;
  }
}
