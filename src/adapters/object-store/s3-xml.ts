// S3's XML: read with values as texts and no entities of its own, written by hand.
import { XMLParser } from "fast-xml-parser";
import { LakehouseError } from "#kernel/problem.ts";

type Node = Record<string, unknown>;

const LISTS = new Set(["Contents", "CommonPrefixes", "Part"]);

/** The element of this name at the top of a document; `unavailable` when there is none. */
function readXml(text: string, root: string): Node {
  // S3 declares nothing of its own; a document that does is not one of its answers.
  if (!/<!DOCTYPE/i.test(text)) {
    const parser = new XMLParser({
      ignoreAttributes: true,
      parseTagValue: false,
      trimValues: true,
      // Decoded below: nothing that a document defines is ever put in.
      processEntities: false,
      isArray: (name) => LISTS.has(name),
    });
    try {
      const found = (parser.parse(text) as Node)[root];
      if (typeof found === "object" && found !== null) return found as Node;
      if (found === "") return {};
    } catch {
      // Told below like any other answer that is none.
    }
  }
  throw new LakehouseError("unavailable", `the endpoint's answer is no ${root} document`, {
    reason: "remote_failed",
  });
}

const textAt = (node: Node, name: string): string => {
  const value = node[name];
  return typeof value === "string" ? decodeEntities(value) : "";
};

const ENTITIES: Readonly<Record<string, string>> = {
  lt: "<",
  gt: ">",
  amp: "&",
  quot: '"',
  apos: "'",
};

/** The five entities of XML and character references; anything else is left as it stands. */
function decodeEntities(text: string): string {
  return text.replaceAll(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,4}));/gi, (...found) => {
    const [whole, decimal, hex, name] = found as (string | undefined)[];
    if (name !== undefined) return ENTITIES[name] ?? whole!;
    const code = decimal === undefined ? Number.parseInt(hex!, 16) : Number(decimal);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole!;
  });
}

const listAt = (node: Node, name: string): Node[] => {
  const value = node[name];
  return Array.isArray(value) ? value.filter((one) => typeof one === "object") : [];
};

/** Code and message of an Error document; empty texts when it is not one. */
export function readS3Error(text: string): { code: string; message: string } {
  try {
    const error = readXml(text, "Error");
    return { code: textAt(error, "Code"), message: textAt(error, "Message") };
  } catch {
    return { code: "", message: "" };
  }
}

export interface S3ListPage {
  readonly objects: readonly {
    readonly key: string;
    readonly size_bytes: number;
    readonly etag: string;
    readonly modified_at: string;
  }[];
  readonly prefixes: readonly string[];
  readonly truncated: boolean;
}

export function readListPage(text: string): S3ListPage {
  const page = readXml(text, "ListBucketResult");
  const encoded = textAt(page, "EncodingType") === "url";
  const decode = (key: string) => (encoded ? decodeURIComponent(key.replaceAll("+", "%20")) : key);
  return {
    objects: listAt(page, "Contents").map((one) => ({
      key: decode(textAt(one, "Key")),
      size_bytes: Number(textAt(one, "Size")),
      etag: quoted(textAt(one, "ETag")),
      modified_at: isoTime(textAt(one, "LastModified")),
    })),
    prefixes: listAt(page, "CommonPrefixes").map((one) => decode(textAt(one, "Prefix"))),
    truncated: textAt(page, "IsTruncated") === "true",
  };
}

export function readUploadId(text: string): string {
  return textAt(readXml(text, "InitiateMultipartUploadResult"), "UploadId");
}

export interface S3Part {
  readonly part_number: number;
  readonly etag: string;
  readonly size_bytes: number;
  readonly modified_at: string;
}

export function readPartsPage(text: string): { parts: S3Part[]; truncated: boolean } {
  const page = readXml(text, "ListPartsResult");
  const parts = listAt(page, "Part").map((one) => ({
    part_number: Number(textAt(one, "PartNumber")),
    etag: quoted(textAt(one, "ETag")),
    size_bytes: Number(textAt(one, "Size")),
    modified_at: isoTime(textAt(one, "LastModified")),
  }));
  return { parts, truncated: textAt(page, "IsTruncated") === "true" };
}

/** Etag of a completed upload or a copy. S3 may answer 200 and an Error all the same. */
export function readResultEtag(
  text: string,
  root: "CompleteMultipartUploadResult" | "CopyObjectResult" | "CopyPartResult",
): string {
  return quoted(textAt(readXml(text, root), "ETag"));
}

export function completeDocument(
  parts: readonly { readonly part_number: number; readonly etag: string }[],
): string {
  const items = parts.map(
    ({ part_number, etag }) =>
      `<Part><PartNumber>${part_number}</PartNumber><ETag>${escapeXml(etag)}</ETag></Part>`,
  );
  const space = "http://s3.amazonaws.com/doc/2006-03-01/";
  const body = items.join("");
  return `<CompleteMultipartUpload xmlns="${space}">${body}</CompleteMultipartUpload>`;
}

function escapeXml(text: string): string {
  const named: Record<string, string> = { "<": "&lt;", ">": "&gt;", "&": "&amp;", '"': "&quot;" };
  return text.replaceAll(/[<>&"]/g, (char) => named[char]!);
}

/** As HTTP writes etags; some endpoints leave the quotes out in XML. */
export function quoted(etag: string): string {
  return etag.startsWith('"') ? etag : `"${etag}"`;
}

/** ISO time of an HTTP date or an ISO time; the present one when it is neither. */
export function isoTime(text: string | undefined): string {
  const time = new Date(text ?? "");
  return (Number.isNaN(time.getTime()) ? new Date() : time).toISOString();
}
