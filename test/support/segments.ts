export const IOS = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
export const WEB = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a12';
export const NEWS = '1d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
export const ALERTS = '2d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
export const BLUE = '3d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
export const ALL = '4d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
export const GROUPED = '5d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
export const OLD_GROUP = '6d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';

/** A workspace file with everything that a segment can refer to. It ends with the list of segments. */
export const definitions = `
apps:
  - { id: ${IOS}, name: iOS, platform: ios }
  - { id: ${WEB}, name: Web, platform: web }
email: { default_from: hello@acme.test }
subscription_groups:
  - { id: ${NEWS}, name: News, channel: email }
  - { id: ${ALERTS}, name: Alerts, channel: sms }
  - { id: ${OLD_GROUP}, name: Old, channel: sms, archived: true }
campaigns:
  - { id: spring, name: Spring, kind: api, tags: [sale], variations: [{ id: mail, channel: email }] }
  - { id: summer, name: Summer, kind: api, tags: [sale], variations: [{ id: mail, channel: email }] }
segments:
  - { id: ${BLUE}, name: Blue eyes, filter: { custom_attribute: { custom_attribute_name: eye_color, comparison: equals, value: blue } } }
  - { id: ${ALL}, name: All Users, filter: null }
  - { id: ${GROUPED}, name: Grouped, filter: { segment: { segment_id: ${BLUE}, comparison: in } } }
`;

/** A filter on a profile field. */
export const attribute = (name: string, comparison: string, value?: unknown) => ({
  attribute: { name, comparison, value },
});

/** A filter on a value inside a custom attribute. */
export const nested = (custom_attribute_name: string, path: string, comparison: string, value?: unknown) => ({
  nested_custom_attribute: { custom_attribute_name, path, comparison, value },
});
