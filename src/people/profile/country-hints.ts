import { nearest } from '../../lib/raw/did-you-mean.ts';
import { countriesByName, countryCodes, normalizedName } from './countries-and-languages.ts';

/** The codes of ISO 3166-1 of three letters, each followed by that of two. */
const codePairs = `
AFG AF ALA AX ALB AL DZA DZ ASM AS AND AD AGO AO AIA AI ATA AQ ATG AG ARG AR ARM AM ABW AW AUS AU AUT AT AZE AZ
BHS BS BHR BH BGD BD BRB BB BLR BY BEL BE BLZ BZ BEN BJ BMU BM BTN BT BOL BO BES BQ BIH BA BWA BW BVT BV BRA BR IOT IO
BRN BN BGR BG BFA BF BDI BI CPV CV KHM KH CMR CM CAN CA CYM KY CAF CF TCD TD CHL CL CHN CN CXR CX CCK CC COL CO COM KM
COG CG COD CD COK CK CRI CR CIV CI HRV HR CUB CU CUW CW CYP CY CZE CZ DNK DK DJI DJ DMA DM DOM DO ECU EC EGY EG SLV SV
GNQ GQ ERI ER EST EE SWZ SZ ETH ET FLK FK FRO FO FJI FJ FIN FI FRA FR GUF GF PYF PF ATF TF GAB GA GMB GM GEO GE DEU DE
GHA GH GIB GI GRC GR GRL GL GRD GD GLP GP GUM GU GTM GT GGY GG GIN GN GNB GW GUY GY HTI HT HMD HM VAT VA HND HN HKG HK
HUN HU ISL IS IND IN IDN ID IRN IR IRQ IQ IRL IE IMN IM ISR IL ITA IT JAM JM JPN JP JEY JE JOR JO KAZ KZ KEN KE KIR KI
PRK KP KOR KR KWT KW KGZ KG LAO LA LVA LV LBN LB LSO LS LBR LR LBY LY LIE LI LTU LT LUX LU MAC MO MDG MG MWI MW MYS MY
MDV MV MLI ML MLT MT MHL MH MTQ MQ MRT MR MUS MU MYT YT MEX MX FSM FM MDA MD MCO MC MNG MN MNE ME MSR MS MAR MA MOZ MZ
MMR MM NAM NA NRU NR NPL NP NLD NL NCL NC NZL NZ NIC NI NER NE NGA NG NIU NU NFK NF MKD MK MNP MP NOR NO OMN OM PAK PK
PLW PW PSE PS PAN PA PNG PG PRY PY PER PE PHL PH PCN PN POL PL PRT PT PRI PR QAT QA REU RE ROU RO RUS RU RWA RW BLM BL
SHN SH KNA KN LCA LC MAF MF SPM PM VCT VC WSM WS SMR SM STP ST SAU SA SEN SN SRB RS SYC SC SLE SL SGP SG SXM SX SVK SK
SVN SI SLB SB SOM SO ZAF ZA SGS GS SSD SS ESP ES LKA LK SDN SD SUR SR SJM SJ SWE SE CHE CH SYR SY TWN TW TJK TJ TZA TZ
THA TH TLS TL TGO TG TKL TK TON TO TTO TT TUN TN TUR TR TKM TM TCA TC TUV TV UGA UG UKR UA ARE AE GBR GB USA US UMI UM
URY UY UZB UZ VUT VU VEN VE VNM VN VGB VG VIR VI WLF WF ESH EH YEM YE ZMB ZM ZWE ZW
`
  .trim()
  .split(/\s+/);

export const countriesOfThreeLetters: ReadonlyMap<string, string> = new Map(
  Array.from({ length: codePairs.length / 2 }, (_, index) => [
    codePairs[2 * index] ?? '',
    codePairs[2 * index + 1] ?? '',
  ]),
);

/** Languages in whose names all countries are recognized. Each country is in its own language, too. */
const languages = ['de', 'fr', 'es', 'it', 'nl', 'pt', 'pl', 'sv', 'da', 'cs'];

/** Made when a country is first not known, because it takes some milliseconds. */
let foreignNames: ReadonlyMap<string, string> | undefined;

/** Two countries are called so, of which some languages name only one by this word. */
const doubtful = ['kongo', 'congo'];

/** A name that means different countries in different languages is missing. */
function namesInOtherLanguages(): ReadonlyMap<string, string> {
  const meanings = new Map<string, string | null>(doubtful.map((name) => [name, null]));
  const add = (names: Intl.DisplayNames, code: string) => {
    const name = normalizedName(names.of(code) ?? code);
    const known = meanings.get(name);
    meanings.set(name, known === undefined || known === code ? code : null);
  };
  const namesIn = (language: string) => new Intl.DisplayNames(language, { type: 'region', fallback: 'none' });
  for (const names of languages.map(namesIn)) for (const code of countryCodes) add(names, code);
  const byLanguage = Map.groupBy(countryCodes, (code) => new Intl.Locale(`und-${code}`).maximize().language);
  for (const [language, codes] of byLanguage) {
    const names = namesIn(language);
    for (const code of codes) add(names, code);
  }
  return new Map([...meanings].flatMap(([name, code]) => (code === null ? [] : [[name, code] as const])));
}

/**
 * The code of the country that a text certainly means: a code of three letters, or a name in the language of the country or in
 * one of the ten most usual ones. null: none.
 */
export function countryInAnyLanguage(text: string): string | null {
  if (text.length > LONGEST) return null;
  foreignNames ??= namesInOtherLanguages();
  return countriesOfThreeLetters.get(text.trim().toUpperCase()) ?? foreignNames.get(normalizedName(text)) ?? null;
}

const LONGEST = 60;
const MOST_REMEMBERED = 1_000;
/** Hints by what was written, because a file has the same few values in many thousands of rows. */
const remembered = new Map<string, string | null>();

/** The code of the country that was probably meant by a text that is neither a code nor an English name. null: not known. */
export function countryHint(text: string): string | null {
  if (text.length > LONGEST) return null;
  const known = remembered.get(text);
  if (known !== undefined) return known;
  const hint = findHint(text);
  if (remembered.size >= MOST_REMEMBERED) remembered.clear();
  remembered.set(text, hint);
  return hint;
}

function findHint(text: string): string | null {
  const certain = countryInAnyLanguage(text);
  const name = normalizedName(text);
  if (certain !== null || name.length < 5 || name.length > 30) return certain;
  const near = nearest(name, [...countriesByName.keys()]);
  return near === null ? null : (countriesByName.get(near) ?? null);
}
