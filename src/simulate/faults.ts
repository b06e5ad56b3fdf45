/** Faults that happen unasked. Each draw depends only on the seed, the target and the number of its tries. */
export interface FaultPlan {
  /** Delay before every answer, drawn evenly between the two. */
  latencyMs: readonly [number, number];
  faults: readonly Fault[];
  /** Share of targets that are dead from the beginning, 0 to 1. */
  deadShare: number;
  /** Number of requests after which a connection sends GOAWAY. null: never. */
  goAwayEvery: number | null;
  /** Name of the answer that the token endpoint gives. null: it gives tokens. */
  tokenEndpoint: string | null;
  /** Delay of the answer `slow`. */
  slowMs: number;
}

export interface Fault extends Order {
  /** Share of messages that get this answer, 0 to 1. */
  share: number;
}

/** A request for an answer, by its name. */
export interface Order {
  answer: string;
  retryAfterSeconds: number | null;
}

/** A fault plan as a person writes it. `readFaults` reads it. */
export interface FaultText {
  /** Milliseconds: `20` or `10-50`. */
  latency?: string | number;
  /** `503:5%`, `429:2%:retry-after=30`. */
  fault?: readonly string[];
  /** `3%`. */
  dead?: string;
  goawayEvery?: string | number;
  tokenEndpoint?: string;
  slow?: string | number;
}

export class FaultError extends Error {
  override name = 'FaultError';
}

export const noFaults: FaultPlan = {
  latencyMs: [0, 0],
  faults: [],
  deadShare: 0,
  goAwayEvery: null,
  tokenEndpoint: null,
  slowMs: 5_000,
};

/** Reads a fault plan. Throws FaultError with a message for its author. It does not check the names of answers. */
export function readFaults(text: FaultText): FaultPlan {
  const faults = (text.fault ?? []).map(readFault);
  const total = faults.reduce((sum, { share }) => sum + share, 0);
  if (total > 1 + 1e-9) throw new FaultError('the shares of all faults add up to more than 100%');
  return {
    latencyMs: readRange(String(text.latency ?? 0)),
    faults,
    deadShare: readShare(text.dead ?? '0%'),
    goAwayEvery: text.goawayEvery === undefined ? null : readCount('goaway-every', String(text.goawayEvery)),
    tokenEndpoint: text.tokenEndpoint ?? null,
    slowMs: text.slow === undefined ? noFaults.slowMs : readCount('slow', String(text.slow)),
  };
}

function readFault(text: string): Fault {
  const [answer = '', share = '', ...options] = text.split(':');
  if (!/^\w+$/.test(answer)) throw new FaultError(`${text}: expected <answer>:<share>, such as 503:5%`);
  return { answer, share: readShare(share), retryAfterSeconds: readRetryAfter(text, options) };
}

/** Reads the header `x-simulate`: `503` or `503;retry-after=30`. Other text becomes the name of an unknown answer. */
export function readOrder(text: string): Order {
  const [, answer = text, seconds] = /^(\w+)(?:; ?retry-after=(\d{1,6}))?$/.exec(text) ?? [];
  return { answer, retryAfterSeconds: seconds === undefined ? null : Number(seconds) };
}

function readRetryAfter(text: string, options: readonly string[]): number | null {
  const [option, ...others] = options;
  if (option === undefined) return null;
  const seconds = /^retry-after=(\d{1,6})$/.exec(option)?.[1];
  if (seconds === undefined || others.length > 0) throw new FaultError(`${text}: expected nothing but retry-after=<s>`);
  return Number(seconds);
}

function readShare(text: string): number {
  const percent = /^(\d{1,3}(?:\.\d+)?)%$/.exec(text)?.[1];
  if (percent === undefined || Number(percent) > 100) throw new FaultError(`${text || 'nothing'}: expected 0% to 100%`);
  return Number(percent) / 100;
}

function readRange(text: string): readonly [number, number] {
  const [, low, high] = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(text) ?? [];
  const range = [Number(low), Number(high ?? low)] as const;
  if (low === undefined || range[0] > range[1]) throw new FaultError(`${text}: expected milliseconds, as 20 or 10-50`);
  return range;
}

function readCount(name: string, text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new FaultError(`${name} ${text}: expected a whole number from 1`);
  return Number(text);
}

/** The fault of this try, or null. It does not depend on other targets or on the order in which they come. */
export function drawFault(plan: FaultPlan, seed: number, target: string, tries: number): Fault | null {
  if (plan.faults.length === 0) return null;
  let left = draw(seed, target, tries);
  for (const fault of plan.faults) {
    left -= fault.share;
    if (left < 0) return fault;
  }
  return null;
}

const DEAD_DRAW = 0xdead;
const LATENCY_DRAW = 0x10000000;

export function isDeadByPlan(plan: FaultPlan, seed: number, target: string): boolean {
  return plan.deadShare > 0 && draw(seed, target, DEAD_DRAW) < plan.deadShare;
}

export function drawLatency(
  { latencyMs: [low, high] }: FaultPlan,
  seed: number,
  target: string,
  tries: number,
): number {
  if (low === high) return low;
  return low + draw(seed, target, LATENCY_DRAW + tries) * (high - low);
}

/** A number in [0, 1), evenly spread. FNV-1a over the target, then MurmurHash3's last steps to spread similar targets. */
function draw(seed: number, target: string, salt: number): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let at = 0; at < target.length; at += 1) hash = Math.imul(hash ^ target.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ salt, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
