/** What a definition that is not set begins with. Its lines can be applied once they have values. */
export function templateOf(what: string): string {
  if (what === 'app')
    return [
      'apps:',
      `  - id: ${newId()}`,
      '    name: ""',
      '    platform: ios # ios, android, kindle or web',
      '    # apns, fcm, adm or vapid has the account; without one, messages go to the sandbox',
      '',
    ].join('\n');
  if (what === 'subscription_group')
    return [
      'subscription_groups:',
      `  - id: ${newId()}`,
      '    name: ""',
      '    channel: email # email, sms or whats_app',
      '    # twilio or whatsapp_cloud has the account; without one, messages go to the sandbox',
      '',
    ].join('\n');
  return templates[what] ?? `${what}:\n`;
}

const templates: Readonly<Record<string, string>> = {
  frequency_caps: 'frequency_caps:\n  - { channel: push, max_sends: 2, period_count: 1, period_unit: days }\n',
  quiet_hours: 'quiet_hours:\n  - { from: "21:00", until: "08:00", channels: [push, sms], action: hold }\n',
  rate_limits: 'rate_limits:\n  default: 250000\n',
  email: 'email:\n  default_from: Acme <hello@acme.test>\n',
  event_webhooks:
    'event_webhooks:\n  - name: warehouse\n    url: https://hooks.example.com/cresset\n    secret: "" # whsec_ and base64\n',
};

/** A page that came by plain HTTP cannot make one. */
function newId(): string {
  return crypto.randomUUID?.() ?? '""';
}
