/** The permissions of keys and the endpoints they open. The last six are ours; the original has the others. */
export const permissions = {
  'messages.send': 'POST /messages/send',
  'users.track': 'POST /users/track',
  'users.identify': 'POST /users/identify: give an external id to a person who has none',
  'users.merge': 'POST /users/merge: make one person of two',
  'users.alias.new': 'POST /users/alias/new',
  'users.alias.update': 'POST /users/alias/update',
  'users.external_ids.rename': 'POST /users/external_ids/rename',
  'users.external_ids.remove': 'POST /users/external_ids/remove',
  'users.export.ids': 'POST /users/export/ids',
  'users.delete': 'POST /users/delete',
  'email.status': 'POST /email/status',
  'email.blacklist': 'POST /email/blocklist and /email/blacklist',
  'email.bounce.remove': 'POST /email/bounce/remove',
  'email.spam.remove': 'POST /email/spam/remove',
  'email.hard_bounces': 'GET /email/hard_bounces',
  'email.unsubscribe': 'GET /email/unsubscribes',
  'sms.invalid_phone_numbers': 'GET /sms/invalid_phone_numbers',
  'sms.invalid_phone_numbers.remove': 'POST /sms/invalid_phone_numbers/remove',
  'dispatches.read': 'GET /dispatches and /users/…/messages: what happened to each person',
  'dispatches.cancel': 'POST /dispatches/…/cancel, pause, resume and replay',
  'audience.preview': 'POST /audience/preview: how many people an audience has, and whom',
  'audience.explain': 'POST /audience/explain: why one person is in an audience or not',
  'push.read': 'GET /push/apps: how each app fares with its push provider',
  'sandbox.read': 'GET /sandbox/messages',
} as const;

export type Permission = keyof typeof permissions;
