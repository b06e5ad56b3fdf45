import { createHmac } from 'node:crypto';
import type { PostReply } from '../../net/http-post.ts';
import { Callbacks } from '../callbacks.ts';

/** Posts signed forms as Twilio does, and counts the answers. */
export class TwilioCallbacks extends Callbacks {
  readonly #authToken: string;

  constructor(authToken: string) {
    super();
    this.#authToken = authToken;
  }

  /** `what`: the name under which the answer is counted. Resolves to null when none came. */
  post(url: string, fields: readonly (readonly [string, string])[], what: string): Promise<PostReply | null> {
    const headers = {
      'content-type': 'application/x-www-form-urlencoded; charset=UTF-8',
      'user-agent': 'TwilioProxy/1.1',
      'x-twilio-signature': this.#signature(url, fields),
    };
    const body = new URLSearchParams(fields.map(([name, value]) => [name, value])).toString();
    return this.send({ url, headers, body }, what);
  }

  /** Base64 of the HMAC-SHA1 over the URL and, by name, each name with its value. */
  #signature(url: string, fields: readonly (readonly [string, string])[]): string {
    const sorted = fields.toSorted(([one], [other]) => (one < other ? -1 : 1));
    const text = url + sorted.map(([name, value]) => name + value).join('');
    return createHmac('sha1', this.#authToken).update(text).digest('base64');
  }
}
