import { type ProviderKind, type ProviderOf, providerKinds } from '../channels/providers.ts';
import type { Shape } from '../lib/raw/shape.ts';

/** Reads the settings of one kind of provider, from the workspace file or the database. */
export const providerShapes: { readonly [K in ProviderKind]: Shape<ProviderOf<K>> } = {
  adm: shapeOf('adm'),
  apns: shapeOf('apns'),
  fcm: shapeOf('fcm'),
  twilio: shapeOf('twilio'),
  vapid: shapeOf('vapid'),
  whatsapp_cloud: shapeOf('whatsapp_cloud'),
};

function shapeOf<K extends ProviderKind>(kind: K): Shape<ProviderOf<K>> {
  return (value, path, problems) => {
    const settings = providerKinds[kind].settings(value, path, problems);
    return settings && { kind, settings };
  };
}
