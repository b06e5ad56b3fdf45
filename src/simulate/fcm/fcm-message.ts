import { isObject } from '../../lib/raw/json.ts';
import type { Answer } from '../../net/wire.ts';
import { readJson } from '../json.ts';
import { badField, INVALID_TOKEN, invalidArgument, TOO_BIG } from './fcm-answers.ts';

/** The parts of a message that are kept for tests and users, as they were sent. */
export interface FcmMessage {
  token: string;
  data: Readonly<Record<string, string>>;
  notification?: Readonly<Record<string, unknown>>;
  android?: Readonly<Record<string, unknown>>;
}

export type CheckedMessage = { message: FcmMessage; isValidateOnly: boolean } | { problem: Answer };

/** A kind of JSON value, or the members that an object may have. Source: Google, "FCM HTTP v1: Resource Message". */
type Shape = 'string' | 'boolean' | 'integer' | 'strings' | 'texts' | 'any' | Members;
interface Members {
  readonly [member: string]: Shape;
}

const options: Members = { analyticsLabel: 'string' };
const androidNotification: Members = {
  ...{ title: 'string', body: 'string', icon: 'string', color: 'string', sound: 'string', tag: 'string' },
  ...{ clickAction: 'string', bodyLocKey: 'string', bodyLocArgs: 'strings', titleLocKey: 'string' },
  ...{ titleLocArgs: 'strings', channelId: 'string', ticker: 'string', sticky: 'boolean', eventTime: 'string' },
  ...{ localOnly: 'boolean', notificationPriority: 'any', defaultSound: 'boolean', image: 'string' },
  ...{ defaultVibrateTimings: 'boolean', defaultLightSettings: 'boolean', vibrateTimings: 'strings' },
  ...{ visibility: 'any', notificationCount: 'integer', lightSettings: 'any', proxy: 'any' },
  bypassProxyNotification: 'boolean',
};
const request: Members = {
  validateOnly: 'boolean',
  message: {
    name: 'string',
    data: 'texts',
    notification: { title: 'string', body: 'string', image: 'string' },
    android: {
      ...{ collapseKey: 'string', priority: 'any', ttl: 'string', restrictedPackageName: 'string', data: 'texts' },
      ...{ directBootOk: 'boolean', bandwidthConstrainedOk: 'boolean', restrictedSatelliteOk: 'boolean' },
      notification: androidNotification,
      fcmOptions: options,
    },
    webpush: { headers: 'texts', data: 'texts', notification: 'any', fcmOptions: { link: 'string', ...options } },
    apns: {
      headers: 'texts',
      payload: 'any',
      liveActivityToken: 'string',
      fcmOptions: { image: 'string', ...options },
    },
    fcmOptions: options,
    ...{ token: 'string', topic: 'string', condition: 'string' },
  },
};

const MOST_BYTES = 4_096;
const MOST_TTL_SECONDS = 2_419_200;
const reserved = /^(from|message_type|notification|collapse_key)$|^(google|gcm)(\.|$)/;
const token = /^[\w:.~%-]{1,1024}$/;

/** Checks a request as the real service does: unknown members and wrong types first, then values. */
export function checkMessage(body: Buffer): CheckedMessage {
  const value = readJson(body);
  if (value === undefined) return { problem: badField('', 'Invalid JSON payload received. Unexpected token.') };
  const wrong = shapeProblem(value, request, '');
  if (wrong !== null) return { problem: wrong };
  const { message, validateOnly, validate_only } = value as { [key: string]: unknown };
  if (!isObject(message)) return { problem: badField('message', 'The message is not set.') };
  const problem = targetProblem(message) ?? contentProblem(message);
  if (problem !== null) return { problem };
  return { message: keptParts(message), isValidateOnly: (validateOnly ?? validate_only) === true };
}

function keptParts({ token: target, data, notification, android }: Readonly<Record<string, unknown>>): FcmMessage {
  return {
    token: String(target),
    data: (data ?? {}) as Record<string, string>,
    ...(isObject(notification) && { notification }),
    ...(isObject(android) && { android }),
  };
}

/** As in proto3's JSON, `null` means absent, and a name may be written with underscores. */
function shapeProblem(value: unknown, members: Members, path: string): Answer | null {
  if (!isObject(value)) return typeProblem(path, 'an object', value);
  for (const name in value) {
    const shape = shapeOf(members, name);
    if (shape === undefined) {
      const where = path === '' ? '' : ` at '${path}'`;
      return badField(path, `Invalid JSON payload received. Unknown name "${name}"${where}: Cannot find field.`);
    }
    const problem = memberProblem(value[name], shape, path === '' ? name : `${path}.${name}`);
    if (problem !== null) return problem;
  }
  return null;
}

function shapeOf(members: Members, name: string): Shape | undefined {
  if (Object.hasOwn(members, name)) return members[name];
  const inCamelCase = name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return Object.hasOwn(members, inCamelCase) ? members[inCamelCase] : undefined;
}

function memberProblem(value: unknown, shape: Shape, path: string): Answer | null {
  if (value === null || shape === 'any') return null;
  if (typeof shape === 'object') return shapeProblem(value, shape, path);
  if (shape === 'texts') return textsProblem(value, path);
  if (shape === 'strings') {
    const isGood = Array.isArray(value) && value.every((item) => typeof item === 'string');
    return isGood ? null : typeProblem(path, 'TYPE_STRING', value);
  }
  if (shape === 'integer') return Number.isInteger(Number(value)) ? null : typeProblem(path, 'TYPE_INT32', value);
  return typeof value === shape ? null : typeProblem(path, shape === 'string' ? 'TYPE_STRING' : 'TYPE_BOOL', value);
}

function textsProblem(value: unknown, path: string): Answer | null {
  if (!isObject(value)) return typeProblem(path, 'an object', value);
  let position = 0;
  for (const name in value) {
    if (typeof value[name] !== 'string') return typeProblem(`${path}[${position}].value`, 'TYPE_STRING', value[name]);
    position += 1;
  }
  return null;
}

function typeProblem(path: string, type: string, value: unknown): Answer {
  return badField(path, `Invalid value at '${path}' (${type}), ${JSON.stringify(value)}`);
}

function targetProblem(message: Readonly<Record<string, unknown>>): Answer | null {
  const targets = ['token', 'topic', 'condition'].filter((name) => message[name] != null && message[name] !== '');
  if (targets.length === 0) return invalidArgument('Recipient of the message is not set.');
  if (targets.length > 1) return badField('message', "oneof field 'target' is already set. Cannot set more than one.");
  // Topics and conditions are legal, but we never send to them, so the stand-in does not support them.
  if (targets[0] !== 'token') return invalidArgument('This stand-in only knows tokens as targets.');
  return token.test(String(message.token)) ? null : INVALID_TOKEN;
}

function contentProblem(message: Readonly<Record<string, unknown>>): Answer | null {
  const android = isObject(message.android) ? message.android : {};
  let bytes = 0;
  for (const data of [message.data, android.data]) {
    if (!isObject(data)) continue;
    for (const key in data) {
      if (reserved.test(key)) return invalidArgument(`Invalid data payload key: ${key}`);
      bytes += Buffer.byteLength(key) + Buffer.byteLength(String(data[key]));
    }
  }
  for (const notification of [message.notification, android.notification]) {
    if (isObject(notification)) bytes += Buffer.byteLength(JSON.stringify(notification));
  }
  return bytes > MOST_BYTES ? TOO_BIG : androidProblem(android);
}

const priorities: readonly unknown[] = ['NORMAL', 'HIGH', 'normal', 'high', 0, 1];
const shown = /^PRIORITY_(UNSPECIFIED|MIN|LOW|DEFAULT|HIGH|MAX)$/;

function androidProblem(android: Readonly<Record<string, unknown>>): Answer | null {
  const { priority, ttl } = android;
  if (priority != null && !priorities.includes(priority)) {
    return typeProblem(
      'message.android.priority',
      'type.googleapis.com/google.firebase.fcm.v1.AndroidMessagePriority',
      priority,
    );
  }
  if (ttl != null) {
    const seconds = /^(-?\d{1,12})(?:\.\d{1,9})?s$/.exec(String(ttl))?.[1];
    const path = 'message.android.ttl';
    if (seconds === undefined) {
      const description = `Invalid value at '${path}' (type.googleapis.com/google.protobuf.Duration), `;
      return badField(path, `${description}Illegal duration format; duration must end with 's'`);
    }
    if (Number(seconds) < 0 || Number(seconds) > MOST_TTL_SECONDS) return badField(path, 'Invalid TTL value');
  }
  return isObject(android.notification) ? notificationProblem(android.notification) : null;
}

function notificationProblem(notification: Readonly<Record<string, unknown>>): Answer | null {
  const { color } = notification;
  const priority = notification.notification_priority ?? notification.notificationPriority;
  if (color != null && !/^#[0-9A-Fa-f]{6}$/.test(String(color))) {
    return badField('message.android.notification.color', 'Invalid color. Must be in the form #RRGGBB');
  }
  if (priority == null || typeof priority === 'number' || shown.test(String(priority))) return null;
  const type = 'type.googleapis.com/google.firebase.fcm.v1.AndroidNotification.NotificationPriority';
  return typeProblem('message.android.notification.notification_priority', type, priority);
}
