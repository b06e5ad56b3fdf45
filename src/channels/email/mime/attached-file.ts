/** A file of a mail, ready to be put into it. */
export interface AttachedFile {
  /** The name with its extension. */
  name: string;
  /** The media type, such as `application/pdf`. */
  type: string;
  /** The bytes in base64, in lines of 76 characters that end with CRLF, the last one without. */
  base64: string;
  sizeBytes: number;
}
