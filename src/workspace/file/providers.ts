import { type ProviderKind, type ProviderOf, providerKinds } from '../../channels/providers.ts';
import { didYouMean } from '../../lib/raw/did-you-mean.ts';
import { type Member, optional } from '../../lib/raw/shape.ts';
import type { App, SubscriptionGroup } from '../catalog.ts';
import { providerShapes } from '../provider-shapes.ts';

type ProviderMembers<K extends ProviderKind> = { [Kind in K]: Member<ProviderOf<Kind> | null> };

/** One optional member for each kind of provider, to spread into the members of an app or group. */
export function providerMembers<K extends ProviderKind>(...kinds: readonly K[]): ProviderMembers<K> {
  const members = kinds.map((kind) => [kind, optional(providerShapes[kind], null)]);
  return Object.fromEntries(members) as ProviderMembers<K>;
}

/** Lists the problems of having these providers on this platform or channel. */
export function misplacedProviders(
  where: App['platform'] | SubscriptionGroup['channel'],
  given: readonly ProviderKind[],
): string[] {
  const fitting = Object.entries(providerKinds).find(([, { fits }]) => fits === where)?.[0];
  return given
    .filter((kind) => providerKinds[kind].fits !== where)
    .map(
      (kind) => `${kind}: does not fit ${where}, it is for ${providerKinds[kind].fits}${didYouMean(fitting ?? null)}`,
    );
}
