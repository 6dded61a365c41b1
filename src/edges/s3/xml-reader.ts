// XML requests: small, without document types, every value a text.
import { XMLParser, XMLValidator } from "fast-xml-parser";
import { S3Error } from "./s3-error.ts";

/** 10,000 parts with their checksums, or 1,000 of the longest keys. */
export const XML_BYTES_MAX = 4 * 1024 * 1024;

export type XmlNode = { readonly [name: string]: string | XmlNode | (string | XmlNode)[] };

const LISTS = new Set(["Object", "Part"]);

/** 10,000 parts with number, etag and checksums have fewer; in memory an element costs far more. */
const TAGS_MAX = 200_000;
/** 1,024 bytes, each as a character reference, and room to tell that a key is too long. */
const TEXT_LENGTH_MAX = 32 * 1024;

/** The content of the document's root, which must have this name; `MalformedXML` otherwise. */
export function readXml(bytes: Uint8Array, root: string): XmlNode {
  const text = Buffer.from(bytes).toString("utf8");
  // Entities of one's own are the way to make a small document large; no client sends CDATA.
  if (/<!(?!--)/.test(text) || countOf("<", text) > TAGS_MAX) throw malformed();
  if (XMLValidator.validate(text) !== true) throw malformed();
  const parser = new XMLParser({
    ignoreAttributes: true,
    removeNSPrefix: true,
    ignoreDeclaration: true,
    parseTagValue: false,
    trimValues: false,
    // Decoded in textOf: the parser leaves characters out that a key may have.
    processEntities: false,
    isArray: (name) => LISTS.has(name),
  });
  const found = parse(parser, text)[root];
  // An element with nothing in it is read as an empty text.
  if (typeof found === "string" && found.trim() === "") return {};
  if (typeof found !== "object" || found === null) throw malformed();
  return found as XmlNode;
}

function countOf(char: string, text: string): number {
  let count = 0;
  for (let at = text.indexOf(char); at >= 0; at = text.indexOf(char, at + 1)) count++;
  return count;
}

function parse(parser: XMLParser, text: string): Record<string, unknown> {
  try {
    return parser.parse(text) as Record<string, unknown>;
  } catch {
    // Names that could reach a prototype are refused by the parser.
    throw malformed();
  }
}

/** The elements of a list, each with elements inside. */
export function listOf(node: XmlNode, name: string): XmlNode[] {
  const list = node[name];
  if (list === undefined) return [];
  return (Array.isArray(list) ? list : [list]).map((one) => {
    if (typeof one !== "object") throw malformed();
    return one as XmlNode;
  });
}

/** The text of an element, as it stands; undefined when it is not there. */
export function textOf(node: XmlNode, name: string): string | undefined {
  const value = node[name];
  if (value === undefined) return undefined;
  if (typeof value !== "string" || value.length > TEXT_LENGTH_MAX) throw malformed();
  return value.replaceAll(/&([^;&]{0,12});?/g, (_, entity: string) => decodeEntity(entity));
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
]);

function decodeEntity(entity: string): string {
  const known = ENTITIES.get(entity);
  if (known !== undefined) return known;
  const code = /^#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}))$/.exec(entity);
  const point =
    code === null ? Number.NaN : Number.parseInt(code[1] ?? code[2]!, code[1] ? 16 : 10);
  if (!(point <= 0x10ffff)) throw malformed();
  return String.fromCodePoint(point);
}

export function malformed(): S3Error {
  return new S3Error(
    "MalformedXML",
    "The XML you provided was not well-formed or did not validate against our published schema",
  );
}
