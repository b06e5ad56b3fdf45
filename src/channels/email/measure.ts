import type { Measures } from '../channel.ts';
import type { RenderedEmail } from './rendered.ts';

/** Bytes of HTML from which Gmail shows only the beginning of a mail. Source: Google, "Gmail clipping". */
const CLIPPED_BYTES = 102_400;

/** The bodies of a mail; the files that it carries are not counted. */
export function measureEmail({ html, plaintext }: Pick<RenderedEmail, 'html' | 'plaintext'>): Measures {
  const htmlBytes = Buffer.byteLength(html);
  const warning = `body: ${htmlBytes} bytes of HTML; Gmail shows only the first ${CLIPPED_BYTES} of a mail`;
  return {
    bytes: htmlBytes + Buffer.byteLength(plaintext),
    mostBytes: null,
    ...(htmlBytes > CLIPPED_BYTES && { warning }),
  };
}
