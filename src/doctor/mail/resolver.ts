import { Resolver } from 'node:dns/promises';

/** What the DNS says. Each is empty if there is no such record, and throws if no name server answers. */
export interface MailDns {
  /** The TXT records of a name, each put together from its parts. */
  txt(name: string): Promise<string[]>;
  /** The mail servers of a domain. `.` says that it takes no mail. */
  mx(name: string): Promise<string[]>;
  /** Whether a host has an address. */
  hasAddress(name: string): Promise<boolean>;
}

const TRIES = { timeout: 3_000, tries: 2 };

/** `server`: the address and port of the name server to ask. null: those of the system. */
export function mailDns(server: string | null): MailDns {
  const resolver = new Resolver(TRIES);
  if (server !== null) resolver.setServers([server]);
  return {
    txt: async (name) => (await orNone(resolver.resolveTxt(name))).map((parts) => parts.join('')),
    mx: async (name) => (await orNone(resolver.resolveMx(name))).map(({ exchange }) => exchange || '.'),
    hasAddress: async (name) =>
      (await orNone(resolver.resolve4(name))).length > 0 || (await orNone(resolver.resolve6(name))).length > 0,
  };
}

async function orNone<T>(answer: Promise<T[]>): Promise<T[]> {
  try {
    return await answer;
  } catch (error) {
    const { code } = Object(error) as { code?: unknown };
    if (code === 'ENOTFOUND' || code === 'ENODATA') return [];
    throw error;
  }
}
