/** Twilio's answer to an inbound message: a text to send back, or none (null). Source: Twilio, "TwiML for SMS". */
export function twiml(reply: string | null): string {
  return reply === null ? '<Response></Response>' : `<Response><Message>${escaped(reply)}</Message></Response>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
