/** Bytes in base64, in lines of 76 characters. The last line has no end. Source: RFC 2045 §6.8. */
export function base64Lines(bytes: Buffer): string {
  return bytes.toString('base64').replace(/.{76}(?=.)/g, '$&\r\n');
}
