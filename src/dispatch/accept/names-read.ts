import { type Channel, channelKeys } from '../../channels/channel.ts';
import type { ChannelSettings } from '../../channels/channel-settings.ts';
import { channels } from '../../channels/index.ts';
import { didYouMean, nearest } from '../../lib/raw/did-you-mean.ts';
import { own, type RawObject } from '../../lib/raw/json.ts';
import { FOOTER_NAME } from '../../templating/dialect.ts';
import { isLinkName } from '../../templating/resolve.ts';
import { compileHtmlTemplate, TemplateSyntaxError } from '../../templating/template.ts';
import type { ReferenceAt } from '../../templating/tree.ts';
import { FOOTER_PATH } from '../plan/footer.ts';
import type { StoredThings } from '../plan/stored-things.ts';

/** Most names that are looked up, and most names among which the one that was meant is sought. */
const MOST_NAMES = 50;
/** Most texts that a sentence names. */
const MOST_PLACES = 3;
/** Shorter names are near to every other. */
const LEAST_MISSPELT = 3;

/** Name spaces of the properties of a trigger. */
const propertySpaces: ReadonlySet<string | null> = new Set([
  'api_trigger_properties',
  'canvas_entry_properties',
  'context',
]);

/** Properties of a trigger: those for everybody, and those of single people. */
export interface GivenProperties {
  common: RawObject;
  own: readonly (RawObject | null)[];
}

/** The custom attributes that templates read. */
export function attributesIn(references: readonly ReferenceAt[]): readonly Read[] {
  return eachOnce(references.filter(({ space }) => space === 'custom_attribute'));
}

/** One sentence for each of the attributes `read` that nobody ever had. */
export async function warningsOfAttributes(
  read: readonly Read[],
  workspaceId: number,
  { findUnused }: Pick<StoredThings, 'findUnused'>,
): Promise<string[]> {
  if (read.length === 0) return [];
  const names = read.slice(0, MOST_NAMES).flatMap(({ name }) => [...new Set([name, headOf(name)])]);
  const unused = await findUnused(workspaceId, names);
  return read.flatMap((one) => {
    const { name, places } = one;
    const meant = unused.get(name);
    if (meant === undefined || !unused.has(headOf(name))) return [];
    return [`${places}: ${written(one)}: nobody ever had a custom attribute "${readable(name)}"${didYouMean(meant)}`];
  });
}

/**
 * One sentence for each text that names the workspace's footer, if the workspace has none, or the text is of no mail, and
 * for each that is of no mail and names a link for subscriptions.
 */
export function warningsOfMailNames(references: readonly ReferenceAt[], { email }: ChannelSettings): string[] {
  const read = eachOnce(references.filter(isOfMails), (one) => channelOf(one)?.key ?? '');
  return read.flatMap((one) => {
    const start = `${one.places}: ${written(one)} is empty`;
    const channel = channelOf(one);
    if (one.name !== FOOTER_NAME)
      return channel !== null && channel.subscriptionLinks === undefined
        ? [`${start}: only mails have such links`]
        : [];
    if (channel !== null && channel.footer === undefined) return [`${start}: only mails have the footer`];
    return email.footer === null ? [`${start}: email.footer of the workspace file is not set`] : [];
  });
}

function isOfMails({ space, name }: ReferenceAt): boolean {
  return space === null && (name === FOOTER_NAME || isLinkName(name));
}

/** The channel of the message that has the text. null: the path does not say it. */
function channelOf({ path }: ReferenceAt): Channel | null {
  const named = /\bmessages\.(\w+)/.exec(path)?.[1];
  const key = channelKeys.find((known) => known === named);
  return key === undefined ? null : channels[key];
}

/** What messages read, with what the footer reads that they name. */
export function withFooterReferences(
  references: readonly ReferenceAt[],
  { email: { footer } }: ChannelSettings,
): readonly ReferenceAt[] {
  const isNamed = references.some((one) => isOfMails(one) && one.name === FOOTER_NAME);
  if (!isNamed || footer === null) return references;
  try {
    const read = compileHtmlTemplate(footer).references;
    return [...references, ...read.map((reference) => ({ ...reference, path: FOOTER_PATH }))];
  } catch (error) {
    if (error instanceof TemplateSyntaxError) return references; // stored by a version that did not check it
    throw error;
  }
}

/**
 * One sentence for each property of a trigger that templates read and that nobody is given. `given` null: the message is
 * not triggered, and has no properties at all.
 */
export function warningsOfProperties(references: readonly ReferenceAt[], given: GivenProperties | null): string[] {
  const read = eachOnce(references.filter(({ space }) => propertySpaces.has(space)));
  if (given === null) {
    return read.map((one) => `${one.places}: ${written(one)} is always empty here; only triggers have such properties`);
  }
  const all = [given.common, ...given.own.filter((one) => one !== null)];
  const missing = read.filter(({ name }) => !all.some((one) => has(one, name) || has(one, headOf(name))));
  if (missing.length === 0) return [];
  const known = [...new Set(all.flatMap((one) => Object.keys(one).slice(0, MOST_NAMES)))].slice(0, MOST_NAMES);
  return missing.map((one) => {
    const meant = one.name.length < LEAST_MISSPELT ? '' : didYouMean(nearest(one.name, known));
    return `${one.places}: ${written(one)} is empty for everybody: no trigger property "${readable(one.name)}" is given${meant}`;
  });
}

function has(properties: RawObject, name: string): boolean {
  return own(properties, name) != null;
}

/** The first name of a path: `items` of `items[0].name`. */
function headOf(name: string): string {
  return /^[^.[]+/.exec(name)?.[0] ?? name;
}

function written({ space, name }: ReferenceAt): string {
  return `{{${space === null ? '' : `${space}.`}\${${readable(name)}}}}`;
}

/** The name of a template, short and of plain characters. */
function readable(name: string): string {
  return name.slice(0, 64).replace(/[^\w.:$ [\]-]/g, '?');
}

/** Something that texts read. */
interface Read extends ReferenceAt {
  /** The paths of the texts: the first few, and how many more there are. */
  places: string;
}

/** The first of those with the same name, with the places of all. `kindOf`: those of different kinds are told apart. */
function eachOnce(references: readonly ReferenceAt[], kindOf: (one: ReferenceAt) => string = () => ''): Read[] {
  if (references.length === 0) return [];
  const same = Map.groupBy(references, (one) => `${kindOf(one)} ${one.space} ${one.name}`);
  return [...same.values()].flatMap((all) => all.slice(0, 1).map((one) => ({ ...one, places: placesOf(all) })));
}

function placesOf(all: readonly ReferenceAt[]): string {
  const paths = [...new Set(all.map(({ path }) => path))];
  const more = paths.length - MOST_PLACES;
  return `${paths.slice(0, MOST_PLACES).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
