/**
 * Seconds that are left of a message's time to live; null once it has passed.
 * 0 stands for "now or never" at FCM and at push services, so that it never passes here.
 */
export function remainingTtl(ttlS: number, acceptedAt: Date, now: Date): number | null {
  if (ttlS === 0) return 0;
  const left = ttlS - Math.max(0, Math.floor((now.getTime() - acceptedAt.getTime()) / 1_000));
  return left > 0 ? left : null;
}
