/** The permissions of keys and the endpoints they open. The original has the first ten; the others are ours. */
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
  'dispatches.read': 'GET /dispatches/…: what happened to each person',
  'dispatches.cancel': 'POST /dispatches/…/cancel, pause, resume and replay',
  'audience.preview': 'POST /audience/preview: how many people an audience has, and whom',
  'audience.explain': 'POST /audience/explain: why one person is in an audience or not',
  'push.read': 'GET /push/apps: how each app fares with its push provider',
  'sandbox.read': 'GET /sandbox/messages',
} as const;

export type Permission = keyof typeof permissions;
