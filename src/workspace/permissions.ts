/** The permissions of keys and the endpoints they open. The original has the first five; the others are ours. */
export const permissions = {
  'messages.send': 'POST /messages/send',
  'users.track': 'POST /users/track',
  'users.alias.new': 'POST /users/alias/new',
  'users.export.ids': 'POST /users/export/ids',
  'users.delete': 'POST /users/delete',
  'dispatches.read': 'GET /dispatches/…: what happened to each person',
  'dispatches.cancel': 'POST /dispatches/…/cancel, pause, resume and replay',
  'audience.preview': 'POST /audience/preview: how many people an audience has, and whom',
  'audience.explain': 'POST /audience/explain: why one person is in an audience or not',
  'push.read': 'GET /push/apps: how each app fares with its push provider',
  'email.read': 'GET /email/relays: how each mail relay fares',
  'status.read': 'GET /status: workers, queue, and what keeps messages from going out',
  'sandbox.read': 'GET /sandbox/messages',
} as const;

export type Permission = keyof typeof permissions;
