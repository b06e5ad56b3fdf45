import { getDomain } from 'tldts';
import type { DkimKey, EmailSettings } from '../../channels/email/settings.ts';
import { type Finding, wordsOf } from '../finding.ts';
import { isDmarc, isSpf, letsEverybody, lookupsOf, MOST_SPF_LOOKUPS, publicKeyText, readTags } from './records.ts';
import type { MailDns } from './resolver.ts';

/**
 * Looks at what the DNS tells receivers about mails from the default sender: who may send (SPF), who signs (DKIM), what
 * becomes of others (DMARC), and where bounces go.
 */
export async function lookAtMail({ defaultFrom, dkim, returnPath }: EmailSettings, dns: MailDns): Promise<Finding[]> {
  const from = domainOf(defaultFrom);
  const envelope = returnPath ?? from;
  const signing = dkim.find(({ domain }) => from === domain || from?.endsWith(`.${domain}`));
  const looks: Promise<Finding[]>[] = [
    ...dkim.map((key) => lookAtKey(key, dns)),
    ...(envelope === null ? [] : [lookAtSpf(envelope, dns)]),
    ...(from === null ? [] : [lookAtPolicy(from, dns)]),
    ...(returnPath === null ? [] : [lookAtBounces(returnPath, dns)]),
  ];
  const findings = (await Promise.all(looks.map(withoutAnswer))).flat();
  if (from !== null && returnPath !== null && signing === undefined && base(from) !== base(returnPath))
    findings.push(
      finding(
        from,
        'nothing in its mails is aligned with it, so DMARC fails for all of them',
        `email.return_path is ${returnPath}, and no key of email.dkim is for ${from}`,
        `Add a key for ${from} to email.dkim, or use a return_path below ${base(from)}. If the relay signs with ${from}, this does not matter.`,
      ),
    );
  return findings;
}

function finding(subject: string, problem: string, known: string, mend: string): Finding {
  return { area: 'dns', subject, problem, known, mend };
}

/** A name server that does not answer is one finding, and not the absence of records. */
function withoutAnswer(look: Promise<Finding[]>): Promise<Finding[]> {
  return look.catch((error: unknown) => {
    const { hostname = '' } = Object(error) as { hostname?: string };
    const mend = 'Look at the name servers of this machine, or name another one with --dns.';
    return [finding(hostname, 'no name server answers for it', wordsOf(error), mend)];
  });
}

/** null: there is no default sender. */
function domainOf(address: string | null): string | null {
  return /@([^<>\s@]+?)>?\s*$/.exec(address ?? '')?.[1]?.toLowerCase() ?? null;
}

/** The domain that its owner registered. */
function base(domain: string): string {
  return getDomain(domain, { allowPrivateDomains: true }) ?? domain;
}

async function lookAtKey({ domain, selector, key }: DkimKey, dns: MailDns): Promise<Finding[]> {
  const name = `${selector}._domainkey.${domain}`;
  const expected = publicKeyText(key);
  const mend = `Publish this TXT record at ${name}: v=DKIM1; k=rsa; p=${expected}`;
  const records = (await dns.txt(name)).filter((record) => readTags(record).has('p'));
  const found = (problem: string, known: string) => [finding(domain, problem, known, mend)];
  if (records.length === 0)
    return found(
      'its DKIM key is not published, so our signatures are worth nothing',
      `no TXT record with p= at ${name}`,
    );
  if (records.length > 1)
    return found('it has several DKIM keys under one selector', `${records.length} TXT records at ${name}`);
  const published =
    readTags(records[0] ?? '')
      .get('p')
      ?.replace(/\s/g, '') ?? '';
  if (published === '') return found('its DKIM key is revoked', `p= is empty at ${name}`);
  if (published === expected) return [];
  return found(
    'its published DKIM key is not the one that we sign with, so our signatures fail',
    `p= at ${name} differs from the public half of email.dkim`,
  );
}

async function lookAtSpf(domain: string, dns: MailDns): Promise<Finding[]> {
  const records = (await dns.txt(domain)).filter(isSpf);
  const record = records[0];
  if (record === undefined)
    return [
      finding(
        domain,
        'it has no SPF record, so many receivers refuse its mails or call them spam',
        `no TXT record v=spf1 at ${domain}, the domain of the return path`,
        `Publish one with the servers that send for it, such as: v=spf1 include:<your relay's name> -all`,
      ),
    ];
  if (records.length > 1)
    return [
      finding(
        domain,
        'it has several SPF records, and then none counts',
        `${records.length} TXT records v=spf1 at ${domain}`,
        'Put them together into one.',
      ),
    ];
  if (letsEverybody(record))
    return [
      finding(
        domain,
        'its SPF record lets everybody send in its name',
        `${domain}: ${record}`,
        'End it with -all or ~all instead of +all.',
      ),
    ];
  const lookups = await countLookups(domain, record, dns);
  if (lookups <= MOST_SPF_LOOKUPS) return [];
  return [
    finding(
      domain,
      `its SPF record needs more than ${MOST_SPF_LOOKUPS} lookups, and then it fails`,
      `${lookups} with what it includes (RFC 7208 §4.6.4)`,
      'Take out what does not send any more, or name address ranges instead of names.',
    ),
  ];
}

/** Counts the lookups of a record and of all that it includes, up to one more than there may be. */
async function countLookups(domain: string, record: string, dns: MailDns): Promise<number> {
  const seen = new Set([domain]);
  const open = [record];
  let count = 0;
  while (count <= MOST_SPF_LOOKUPS) {
    const next = open.shift();
    if (next === undefined) return count;
    const lookups = lookupsOf(next);
    count += lookups.count;
    for (const name of lookups.includes) {
      if (seen.has(name)) continue;
      seen.add(name);
      const included = (await dns.txt(name)).find(isSpf);
      if (included !== undefined) open.push(included);
    }
  }
  return count;
}

async function lookAtPolicy(domain: string, dns: MailDns): Promise<Finding[]> {
  const own = (await dns.txt(`_dmarc.${domain}`)).filter(isDmarc);
  const above = base(domain);
  const records = own.length > 0 || above === domain ? own : (await dns.txt(`_dmarc.${above}`)).filter(isDmarc);
  const example = `Publish this TXT record at _dmarc.${above}: v=DMARC1; p=none; rua=mailto:<where reports go>`;
  const record = records[0];
  if (record === undefined)
    return [
      finding(
        domain,
        'it has no DMARC policy, which Gmail and Yahoo want of everybody who sends much',
        `no TXT record v=DMARC1 at _dmarc.${domain}${above === domain ? '' : ` or _dmarc.${above}`}`,
        example,
      ),
    ];
  if (records.length > 1)
    return [
      finding(
        domain,
        'it has several DMARC policies, and then none counts',
        `${records.length} TXT records`,
        'Leave one of them.',
      ),
    ];
  const policy = readTags(record).get('p') ?? '';
  if (/^(?:none|quarantine|reject)$/i.test(policy)) return [];
  return [
    finding(
      domain,
      'its DMARC policy cannot be read',
      `p is "${policy}" in: ${record}`,
      'p must be none, quarantine or reject.',
    ),
  ];
}

async function lookAtBounces(domain: string, dns: MailDns): Promise<Finding[]> {
  const servers = await dns.mx(domain);
  const mend = `Publish an MX record at ${domain} with the host that receives bounce mails: the relay's, or this server with CRESSET_SMTP_PORT (docs/email.md).`;
  const found = (problem: string, known: string) => [finding(domain, problem, known, mend)];
  if (servers.length === 0) return found('no server takes its mails, so bounces get lost', `no MX record at ${domain}`);
  if (servers.includes('.'))
    return found('it says that it takes no mail, so bounces get lost', `the MX record of ${domain} is "."`);
  const reachable = await Promise.all(servers.map((server) => dns.hasAddress(server)));
  if (reachable.some((one) => one)) return [];
  return found(
    'its mail servers have no address, so bounces get lost',
    `MX ${servers.join(', ')}: no A or AAAA record`,
  );
}
