// XML answers: elements as text, escaped once, where a value enters.

/** Markup that is already escaped, so that it is not escaped again. */
export type Xml = string & { readonly __xml?: never };

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

/** Text as it may stand in an element; control characters become character references. */
export function escapeXml(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replaceAll(/[&<>"'\u0000-\u001f\u007f]/g, (char) => {
    return ESCAPES[char] ?? `&#x${char.charCodeAt(0).toString(16)};`;
  });
}

/** `<name>…</name>`: a text is escaped, a list is elements made by this function. */
export function element(
  name: string,
  content: string | number | boolean | readonly Xml[],
  namespace?: string,
): Xml {
  const inner = Array.isArray(content) ? content.join("") : escapeXml(String(content));
  const attribute = namespace === undefined ? "" : ` xmlns="${namespace}"`;
  return `<${name}${attribute}>${inner}</${name}>`;
}

/** An element for each value that is there. */
export function optional(name: string, value: string | number | boolean | undefined): Xml[] {
  return value === undefined ? [] : [element(name, value)];
}

export const XML_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

export function xmlDocument(root: Xml): string {
  return XML_DECLARATION + root;
}

const S3_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/";

/** A whole answer of S3: a root element in its namespace. */
export function s3Document(root: string, children: readonly Xml[]): string {
  return xmlDocument(element(root, children, S3_NAMESPACE));
}
