import type { ReactNode } from 'react';

const drawn = {
  home: <path d="m2 7.2 6-5 6 5V14H9.8v-4H6.2v4H2z" />,
  dispatches: (
    <>
      <path d="M14.2 1.8 1.8 6.6l4.9 2.7 2.7 4.9z" />
      <path d="m6.7 9.3 3.1-3.1" />
    </>
  ),
  people: (
    <>
      <circle cx="6" cy="5.2" r="2.7" />
      <path d="M1.2 13.8c.2-2.8 2.1-4.5 4.8-4.500s4.600 1.700 4.800 4.500M10.800 2.800a2.600 2.600 0 0 1 0 4.900M12.600 9.900c1.300.7 2.100 2.100 2.200 3.900" />
    </>
  ),
  outbox: (
    <>
      <path d="M1.800 9.200h3.400l1 2h3.600l1-2h3.400v4.600H1.800z" />
      <path d="M8 8V1.800M5.400 4.200 8 1.800l2.600 2.400" />
    </>
  ),
  audiences: (
    <>
      <circle cx="5.8" cy="8" r="4.3" />
      <circle cx="10.2" cy="8" r="4.3" />
    </>
  ),
  campaigns: <path d="M2.800 14.200V1.800h9.400l-2 3.300 2 3.300H2.800" />,
  templates: <path d="M3 1.800h10v12.400H3zM5.500 5h5M5.500 8h5M5.500 11h3" />,
  reference: (
    <path d="M8 3.600C6.600 2.400 4.700 2 2 2v10.600c2.700 0 4.600.4 6 1.600 1.400-1.200 3.300-1.600 6-1.600V2c-2.700 0-4.600.4-6 1.600v10.600" />
  ),
  requests: (
    <path d="M6 2C4.200 2 4.400 3.700 4.400 5S4 8 2.600 8c1.400 0 1.800 1.700 1.800 3S4.200 14 6 14M10 2c1.800 0 1.600 1.700 1.600 3s.4 3 1.800 3c-1.400 0-1.800 1.700-1.800 3s.2 3-1.600 3" />
  ),
  settings: (
    <>
      <path d="M2 4.500h6.200M12 4.500h2M2 11.500h2M7.800 11.500H14" />
      <circle cx="10.1" cy="4.5" r="1.9" />
      <circle cx="5.9" cy="11.5" r="1.9" />
    </>
  ),
  compose: (
    <>
      <path d="M2 14h3l8.500-8.500-3-3L2 11z" />
      <path d="m8.800 4.200 3 3" />
    </>
  ),
  find: (
    <>
      <circle cx="7" cy="7" r="4.7" />
      <path d="m10.500 10.500 3.500 3.500" />
    </>
  ),
  more: <path d="M3.500 8h.05M8 8h.05M12.500 8h.05" strokeWidth="2.2" />,
  copy: (
    <>
      <rect x="5.5" y="5.5" width="8.500" height="8.500" rx="1.500" />
      <path d="M10.500 2H3.500A1.500 1.500 0 0 0 2 3.500v7" />
    </>
  ),
  close: <path d="m3.500 3.500 9 9m0-9-9 9" />,
  down: <path d="m4 6 4 4 4-4" />,
  pause: <path d="M5.500 3v10M10.500 3v10" strokeWidth="2" />,
  play: <path d="M4.500 2.800v10.400l8-5.200z" />,
  warning: (
    <>
      <path d="M8 2 1.600 13.300h12.800z" />
      <path d="M8 6.400v3.200" />
      <path d="M8 11.400v.05" strokeWidth="1.8" />
    </>
  ),
  reached: (
    <>
      <circle cx="8" cy="8" r="6.5" fill="currentColor" stroke="none" />
      <path d="m5.200 8.300 1.900 1.900 3.800-4.200" stroke="var(--bg)" />
    </>
  ),
  waiting: (
    <>
      <circle cx="8" cy="8" r="6" strokeDasharray="3.2 1.600" />
      <path d="M8 4.800V8l2.200 1.300" />
    </>
  ),
  unclear: (
    <>
      <path d="M8 1.500 14.500 8 8 14.500 1.500 8z" />
      <path d="M6.500 6.600a1.500 1.500 0 1 1 2.300 1.300c-.5.300-.8.600-.8 1.100M8 10.900v.05" />
    </>
  ),
  failed: (
    <>
      <path
        d="M5.300 1.500h5.400l3.800 3.800v5.400l-3.800 3.800H5.300l-3.800-3.800V5.300z"
        fill="currentColor"
        stroke="none"
      />
      <path d="m5.800 5.800 4.400 4.400m0-4.400-4.400 4.400" stroke="var(--bg)" />
    </>
  ),
  kept: (
    <>
      <circle cx="8" cy="8" r="6" />
      <path d="m3.800 12.200 8.400-8.400" />
    </>
  ),
} satisfies Readonly<Record<string, ReactNode>>;

export type IconName = keyof typeof drawn;

/** An icon of 16 px, hidden from who cannot see it: a word stands beside it. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="i" viewBox="0 0 16 16" aria-hidden="true">
      {drawn[name]}
    </svg>
  );
}

/** The mark of Cresset. */
export function Mark() {
  return (
    <svg viewBox="0 0 20 22" aria-hidden="true">
      <path
        d="M10 1c.6 2.600 4 4 4 7.300A4 4 0 0 1 10 12.300a4 4 0 0 1-4-4C6 6.300 7.400 5.600 7.600 4c1 .4 1.500 1.100 1.700 1.900C10.200 4.800 10.400 3 10 1z"
        fill="var(--ember)"
      />
      <path
        d="M3 10.500 5 16h10l2-5.500M10 16v5M6.500 21h7"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.6"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
