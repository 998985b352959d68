/*
 * The server gives every event its own time. An event that comes from another log keeps the time it
 * has there: in its metadata, around which this is put on the way in and taken off on the way out.
 */

const BEGIN = '{"$recordedAt":';
const KEPT = /^\{"\$recordedAt":(null|\d{1,16}),"metadata":([^]*)\}$/;

/** The metadata as the server gets it. Without a time it is as given, unless that looks like one. */
export function withKeptTime(metadata: string, keptTime: number | undefined): string {
  if (keptTime === undefined && !metadata.startsWith(BEGIN)) return metadata;
  return `${BEGIN}${keptTime ?? 'null'},"metadata":${metadata}}`;
}

/** The metadata as it was given, and the time that came with it in milliseconds since 1970. */
export function readKeptTime(
  sent: string,
): Readonly<{ metadata: string; keptTime: number | undefined }> {
  const [, time, metadata] = sent.startsWith(BEGIN) ? (KEPT.exec(sent) ?? []) : [];
  if (time === undefined || metadata === undefined) return { metadata: sent, keptTime: undefined };
  return { metadata, keptTime: time === 'null' ? undefined : Number(time) };
}
