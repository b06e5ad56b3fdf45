import { isObject } from '../lib/raw/json.ts';
import type { Answer, WireRequest } from '../net/wire.ts';
import { FaultError, type FaultText, readFaults } from './faults.ts';
import { readJson } from './json.ts';
import { type Listening, listen } from './listen.ts';
import { type Simulator, setFaultsOf } from './simulator.ts';

export interface ControlOptions {
  host: string;
  port: number;
  simulators: Readonly<Record<string, Simulator>>;
}

const MOST_BODY_BYTES = 1_048_576;

/**
 * Lets other processes read the ledgers of stand-ins and set their faults, over plain HTTP. `GET /__sim/counts`,
 * `/__sim/received?provider=&target=`, `/__sim/targets?provider=[&accepted=2][&target=]`; `POST /__sim/faults`, `/__sim/reset`,
 * `/__sim/revoke-tokens`, `/__sim/inbound`. Each applies to one `?provider=` or to all.
 */
export function startControl({ host, port, simulators }: ControlOptions): Promise<Listening> {
  return listen({
    ...{ host, port, tls: null, protocols: ['http/1.1'], maxBodyBytes: MOST_BODY_BYTES, maxStreams: 1, goAwayText: '' },
    onRequest: (request) => ({ kind: 'answer', answer: respond(request, simulators) }),
  });
}

type Chosen = readonly [string, Simulator][];

function respond(request: WireRequest, simulators: Readonly<Record<string, Simulator>>): Answer {
  const { pathname, searchParams } = new URL(request.path, 'http://control');
  const provider = searchParams.get('provider');
  const chosen = Object.entries(simulators).filter(([name]) => provider === null || name === provider);
  if (chosen.length === 0) return json(404, { error: `no stand-in for ${provider} runs here` });
  const handler = handlers[`${request.method} ${pathname}`];
  if (handler === undefined) return json(404, { error: `expected one of ${Object.keys(handlers).join(', ')}` });
  return handler(chosen, searchParams, request.body);
}

type Handler = (chosen: Chosen, query: URLSearchParams, body: Buffer) => Answer;

const handlers: Readonly<Record<string, Handler>> = {
  'GET /__sim/counts': (chosen) => json(200, Object.fromEntries(chosen.map(([name, { counts }]) => [name, counts()]))),
  'GET /__sim/received': (chosen, query) => {
    const target = query.get('target') ?? query.get('token') ?? undefined;
    return json(200, Object.fromEntries(chosen.map(([name, { received }]) => [name, received(target)])));
  },
  'GET /__sim/targets': (chosen, query) => targets(chosen, Number(query.get('accepted') ?? 0), query.get('target')),
  'POST /__sim/faults': setFaults,
  'POST /__sim/reset': (chosen) => forAll(chosen, (simulator) => simulator.reset()),
  'POST /__sim/inbound': postInbound,
  'POST /__sim/revoke-tokens': (chosen) => forAll(chosen, (simulator) => simulator.revokeTokens()),
};

/**
 * One line for each target, separated by tabs: provider, messages accepted, messages tried, target, time of the last
 * accepted message. `least`: leaves out targets with fewer accepted messages. `only`: the one target to list. null: all.
 */
function targets(chosen: Chosen, least: number, only: string | null): Answer {
  const lines: string[] = [];
  for (const [name, simulator] of chosen) {
    const known = only === null ? simulator.targets() : [[only, simulator.target(only)] as const];
    for (const [target, { accepted, tries, acceptedAt }] of known) {
      if (accepted < least || tries === 0) continue;
      lines.push(`${[name, accepted, tries, target, acceptedAt?.toISOString() ?? ''].join('\t')}\n`);
    }
  }
  return { status: 200, headers: [['content-type', 'text/tab-separated-values']], body: lines.join('') };
}

function setFaults(chosen: Chosen, _query: URLSearchParams, body: Buffer): Answer {
  try {
    const simulators = chosen.map(([, simulator]) => simulator);
    setFaultsOf(simulators, readFaults(readFaultText(body)));
    return json(200, { done: chosen.map(([name]) => name) });
  } catch (error) {
    if (error instanceof FaultError) return json(400, { error: error.message });
    throw error;
  }
}

/** Has a provider post a message of somebody to us. */
function postInbound(chosen: Chosen, _query: URLSearchParams, body: Buffer): Answer {
  const message = readJson(body);
  const able = chosen.filter(([, { postInbound }]) => postInbound !== undefined);
  if (!isObject(message) || able.length === 0)
    return json(400, { error: 'expected a JSON object, for twilio or whatsapp' });
  try {
    for (const [, simulator] of able) simulator.postInbound?.(message);
    return json(202, { done: able.map(([name]) => name) });
  } catch (error) {
    if (error instanceof FaultError) return json(400, { error: error.message });
    throw error;
  }
}

/** Reads the command's flags as JSON: `{"fault":["503:5%"],"latency":20,"dead":"3%","goaway_every":1000}`. */
function readFaultText(body: Buffer): FaultText {
  const value = readJson(body.length === 0 ? '{}' : body);
  if (!isObject(value)) throw new FaultError('expected a JSON object');
  const text: Record<string, string | readonly string[]> = {};
  for (const [name, given] of Object.entries(value)) {
    const known = members[name];
    if (known === undefined) throw new FaultError(`${name}: expected one of ${Object.keys(members).join(', ')}`);
    text[known] = known === 'fault' ? [given].flat().map(String) : String(given);
  }
  return text;
}

const members: Readonly<Record<string, keyof FaultText>> = {
  latency: 'latency',
  fault: 'fault',
  dead: 'dead',
  goaway_every: 'goawayEvery',
  token_endpoint: 'tokenEndpoint',
  slow: 'slow',
};

function forAll(chosen: Chosen, act: (simulator: Simulator) => void): Answer {
  for (const [, simulator] of chosen) act(simulator);
  return json(200, { done: chosen.map(([name]) => name) });
}

function json(status: number, body: object): Answer {
  return { status, headers: [['content-type', 'application/json']], body: `${JSON.stringify(body, null, 1)}\n` };
}
