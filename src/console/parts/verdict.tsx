import type { ReactNode } from 'react';
import { type Family, families, familyNames } from '../lib/verdicts.ts';
import { Icon } from './icon.tsx';

/** A family with its shape and its word. `tint`: on a ground of its colour. */
export function Verdict({ family, tint = false, children }: { family: Family; tint?: boolean; children?: ReactNode }) {
  return (
    <span className={`v v-${family}${tint ? ' tint' : ''}`}>
      <Icon name={family} />
      {children ?? familyNames[family]}
    </span>
  );
}

/** How many of each family, as one bar. The numbers stand beside it; the bar is hidden from who cannot see it. */
export function VerdictBar({ counts, big = false }: { counts: Readonly<Record<Family, number>>; big?: boolean }) {
  const present = families.filter((family) => counts[family] > 0);
  return (
    <span className={`vbar${big ? ' big' : ''}`} aria-hidden="true">
      {present.map((family) => (
        <span key={family} className={`seg-${family}`} style={{ flexGrow: counts[family] }} />
      ))}
      {present.length === 0 && <span className="seg-none" style={{ flexGrow: 1 }} />}
    </span>
  );
}
