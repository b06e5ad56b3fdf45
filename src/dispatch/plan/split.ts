import { hash } from 'node:crypto';
import type { ChannelKey } from '../../channels/channel.ts';

/**
 * How the people of a campaign are divided: a control group gets nothing, and of the others each gets one of the
 * variations of a channel. Each person stays in their place as long as the shares stay (decision 44).
 */
export interface PlannedSplit {
  /** Percent of the people who get nothing. */
  control: number;
  /** Further messages of a channel. Whoever gets none of them gets that under `messages`. */
  others: readonly PlannedVariation[];
}

export interface PlannedVariation {
  channel: ChannelKey;
  /** The id of the variation. */
  id: string;
  /** Percent of the people who get it. */
  percent: number;
  /** The canonical message. */
  message: object;
}

/** The control group of a campaign. */
export interface ControlGroup {
  campaignId: string;
  /** Percent of the people. */
  percent: number;
}

/** A person's place among all who may get a campaign: at least 0, less than 100. It never changes. */
export function placeOf(campaignId: string, userId: number): number {
  return (hash('sha256', `${campaignId}/${userId}`, 'buffer').readUInt32BE(0) / 2 ** 32) * 100;
}

/** The control group has the first places. */
export function isControl({ campaignId, percent }: ControlGroup, userId: number): boolean {
  return placeOf(campaignId, userId) < percent;
}

/** The variation of the person at a place, who is not of the control group. null: none of these. `others`: of one channel. */
export function variationAt<T extends Pick<PlannedVariation, 'percent'>>(
  place: number,
  control: number,
  others: readonly T[],
): T | null {
  let end = control;
  for (const one of others) {
    end += one.percent;
    if (place < end) return one;
  }
  return null;
}
