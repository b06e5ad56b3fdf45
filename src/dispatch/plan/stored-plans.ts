import { contentOf, noContent, type Pin, type PinnedContent, textsIn } from '../../content/pins.ts';
import type { StoredTexts } from '../../content/texts.ts';
import type { Db } from '../../db/database.ts';
import type { SendPlan } from './send-plan.ts';

export interface StoredPlan {
  plan: SendPlan;
  /** Its JSON. */
  text: string;
  /** The stored content that it pins. */
  content: PinnedContent;
}

/**
 * Reads plans with their content, by the ids of their dispatches: the first of them whose texts have at most `mostBytes`
 * together, and at least one. Throws for a plan, or a text, that should be there and is not.
 */
export async function readStoredPlans(
  db: Db,
  rows: readonly { id: string; request: string }[],
  { texts, mostBytes }: { texts: StoredTexts; mostBytes: number },
): Promise<Map<string, StoredPlan>> {
  const plans = rows.map(({ id, request }) => ({ id, text: request, plan: planOf(id, request) }));
  const { fitting, pins } = whatFits(plans, mostBytes);
  const found = await texts.read(db, pins);
  return new Map(
    fitting.map(({ id, plan, text }) => {
      const content = plan.content === undefined ? noContent : contentOf(plan.content, found);
      return [id, { plan, text, content }];
    }),
  );
}

function planOf(id: string, text: string): SendPlan {
  const plan: SendPlan = JSON.parse(text);
  if (plan.version !== 1) throw new Error(`dispatch ${id} was stored in a form this server does not know`);
  return plan;
}

/** Plans may share texts, which are read once. */
function whatFits<T extends { plan: SendPlan }>(plans: readonly T[], mostBytes: number): { fitting: T[]; pins: Pin[] } {
  const pins = new Map<string, Pin>();
  const fitting: T[] = [];
  let bytes = 0;
  for (const one of plans) {
    const { content } = one.plan;
    const added = (content === undefined ? [] : textsIn(content)).filter(({ id }) => !pins.has(id));
    bytes += added.reduce((sum, pin) => sum + pin.bytes, 0);
    if (bytes > mostBytes && fitting.length > 0) break;
    for (const pin of added) pins.set(pin.id, pin);
    fitting.push(one);
  }
  return { fitting, pins: [...pins.values()] };
}
