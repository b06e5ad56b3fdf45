/**
 * The forms in E.164 in which the number of a WhatsApp account may be stored, the usual one first. In some countries
 * Meta's id of a person has another digit than the number: Mexico (521…), Argentina (549…), and Brazil, where older
 * accounts lack the ninth digit.
 */
export function numberForms(digits: string): string[] {
  const mexican = /^521?(\d{10})$/.exec(digits)?.[1];
  if (mexican !== undefined) return [`+52${mexican}`, `+521${mexican}`];
  const argentine = /^549?(\d{10})$/.exec(digits)?.[1];
  if (argentine !== undefined) return [`+549${argentine}`, `+54${argentine}`];
  const [, area, number] = /^55([1-9]\d)9?([6-9]\d{7})$/.exec(digits) ?? [];
  if (number !== undefined) return [`+55${area}9${number}`, `+55${area}${number}`];
  return [`+${digits}`];
}
