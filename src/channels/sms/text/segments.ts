const basic = new Set(
  '\n\r @£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ!"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
);
const extension = new Set('\f^{}\\[~]|€');

export interface SmsSegments {
  encoding: 'GSM-7' | 'UCS-2';
  count: number;
}

/**
 * Number of billable segments of a text. A single segment has 160 septets or 70 UTF-16 units; each of several has 153
 * or 67. An extension character (two septets) or a surrogate pair is never split between segments.
 * Source: 3GPP TS 23.038 (alphabets); 3GPP TS 23.040 §9.2.3.24.1 (concatenation).
 */
export function countSegments(text: string): SmsSegments {
  const characters = [...text];
  const isGsm = characters.every((character) => basic.has(character) || extension.has(character));
  const widths = characters.map((character) => (isGsm ? (extension.has(character) ? 2 : 1) : character.length));
  const [single, each] = isGsm ? [160, 153] : [70, 67];
  const total = widths.reduce((sum, width) => sum + width, 0);
  const encoding = isGsm ? 'GSM-7' : 'UCS-2';
  return { encoding, count: total <= single ? Math.min(total, 1) : packed(widths, each) };
}

/** What the segments are called in a verdict: `2 segments (GSM-7)`. */
export function segmentWords({ encoding, count }: SmsSegments): string {
  return `${count} ${count === 1 ? 'segment' : 'segments'} (${encoding})`;
}

function packed(widths: number[], each: number): number {
  let count = 1;
  let used = 0;
  for (const width of widths) {
    if (used + width > each) {
      count += 1;
      used = 0;
    }
    used += width;
  }
  return count;
}
