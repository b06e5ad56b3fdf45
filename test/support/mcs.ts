/** A frame of Google's Mobile Connection Server: a tag, a length and a Protocol Buffer. */
export interface Frame {
  tag: number;
  body: Buffer;
}

export function frame(tag: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.of(tag), varint(body.length), body]);
}

/** Calls back with each whole frame that a browser sends. The first byte of the connection is the protocol's version. */
export function readFrames(onFrame: (frame: Frame) => void): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0);
  let isVersionRead = false;
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    if (!isVersionRead) rest = rest.subarray(1);
    isVersionRead = true;
    for (let next = takeFrame(rest); next !== null; next = takeFrame(rest)) {
      rest = rest.subarray(next.size);
      onFrame(next);
    }
  };
}

function takeFrame(data: Buffer): (Frame & { size: number }) | null {
  let length = 0;
  for (let at = 1, shift = 0; at < data.length; at += 1, shift += 7) {
    const byte = data[at] ?? 0;
    length |= (byte & 127) << shift;
    if (byte > 127) continue;
    const size = at + 1 + length;
    return data.length < size ? null : { tag: data[0] ?? 0, body: data.subarray(at + 1, size), size };
  }
  return null;
}

export function varintField(field: number, value: number): Buffer {
  return Buffer.concat([varint(field << 3), varint(value)]);
}

export function fixed64Field(field: number, value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return Buffer.concat([varint((field << 3) | 1), bytes]);
}

export function bytesField(field: number, value: Buffer): Buffer {
  return Buffer.concat([varint((field << 3) | 2), varint(value.length), value]);
}

export function textField(field: number, value: string): Buffer {
  return bytesField(field, Buffer.from(value));
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  for (; left > 127; left >>>= 7) bytes.push((left & 127) | 128);
  return Buffer.of(...bytes, left);
}
