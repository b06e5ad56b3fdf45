/**
 * The rest of a message's time to live, in seconds. null: it has passed.
 * 0 never passes, because FCM and push services read it as "now or never".
 */
export function remainingTtl(ttlS: number, acceptedAt: Date, now: Date): number | null {
  if (ttlS === 0) return 0;
  const left = ttlS - Math.max(0, Math.floor((now.getTime() - acceptedAt.getTime()) / 1_000));
  return left > 0 ? left : null;
}
