import { type Clock, utcClock } from './moment.ts';

const hoursOfZones: Readonly<Record<string, number>> = {
  ut: 0,
  gmt: 0,
  est: -5,
  edt: -4,
  cst: -6,
  cdt: -5,
  mst: -7,
  mdt: -6,
  pst: -8,
  pdt: -7,
};

const utcNames = new Set(['utc', 'z', 'ut', '-00:00', '-0000', '-00']);

/** Null for a zone that is not known, which is as if it was not there. */
export function clockOf(zone: string | undefined): Clock | null {
  if (zone === undefined) return null;
  if (utcNames.has(zone)) return utcClock;
  const offset = offsetOf(zone);
  if (offset === null) return null;
  return offset === 0 ? { ...utcClock, isUtc: false } : { offset, name: '', isUtc: false };
}

/** In seconds. */
function offsetOf(zone: string): number | null {
  const match = /^([-+])(\d\d)(?:(:?)(\d\d)(?:\3(\d\d))?)?$/.exec(zone);
  if (match !== null) {
    const [, sign, hours = '', , minutes = '0', seconds = '0'] = match;
    const size = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
    return sign === '-' ? -size : size;
  }
  const hours = /^[a-z]$/.test(zone) ? hoursOfLetter(zone) : hoursOfZones[zone];
  return hours === undefined ? null : hours * 3600;
}

/** The letters of the military; J is none of them. */
function hoursOfLetter(letter: string): number | undefined {
  const east = 'abcdefghiklm'.indexOf(letter);
  const west = 'nopqrstuvwxy'.indexOf(letter);
  return east !== -1 ? east + 1 : west !== -1 ? -(west + 1) : undefined;
}
