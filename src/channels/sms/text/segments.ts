const basic = new Set(
  '\n\r @£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ!"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
);
/** Nearly all texts hold nothing else, and need not be taken apart: each character is one septet. */
const isBasic = new RegExp(
  `^[${[...basic].map((one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')}]*$`,
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
  if (isBasic.test(text)) return { encoding: 'GSM-7', count: counted(text.length, septets, plain) };
  const characters = [...text];
  const isGsm = characters.every((character) => basic.has(character) || extension.has(character));
  const widths = characters.map((character) => (isGsm ? (extension.has(character) ? 2 : 1) : character.length));
  const total = widths.reduce((sum, width) => sum + width, 0);
  const room = isGsm ? septets : units;
  return { encoding: isGsm ? 'GSM-7' : 'UCS-2', count: counted(total, room, () => packed(widths, room.each)) };
}

/** What fits in a single segment, and in each of several. */
interface Room {
  single: number;
  each: number;
}

const septets: Room = { single: 160, each: 153 };
const units: Room = { single: 70, each: 67 };

/** `several`: the number of segments of a text that needs more than one. */
function counted(total: number, room: Room, several: (total: number, room: Room) => number): number {
  return total <= room.single ? Math.min(total, 1) : several(total, room);
}

function plain(total: number, { each }: Room): number {
  return Math.ceil(total / each);
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
