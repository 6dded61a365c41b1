// Judges an order: books that exist, are in stock, of the subject asked for, and as many as asked.
import { z } from "zod";
import { checkInput, type ValidationError, type Validator } from "#pack.ts";

const artifactShape = z.strictObject({
  books: z.array(z.strictObject({ book_id: z.string(), title: z.string() })).max(100),
});

const contextShape = z.strictObject({
  count: z.int().min(1).optional(),
  subject: z.string().min(1).optional(),
});

export const orderValidator: Validator = {
  summary: "every book exists, is in stock, has the subject asked for, and the count is met",
  async validate(artifact, context, tools) {
    const asked = checkInput(z.strictObject({ context: contextShape }), { context }).context;
    const parsed = artifactShape.safeParse(artifact);
    if (!parsed.success) {
      const issue = parsed.error.issues[0]!;
      return no("schema", issue.path.join(".") || "books", issue.message);
    }
    const { books } = parsed.data;
    const { count, subject } = asked;
    if (count !== undefined && books.length !== count) {
      return no(
        "completeness",
        "books",
        `asked for ${count}, named ${books.length}`,
        count,
        books.length,
      );
    }
    for (const [index, { book_id, title }] of books.entries()) {
      const at = `books.${index}`;
      if (books.findIndex((book) => book.book_id === book_id) < index) {
        return no("consistency", `${at}.book_id`, `${book_id} is named twice`);
      }
      const [row] = await tools.rows("SELECT * FROM books WHERE book_id = $1", [book_id]);
      if (row === undefined)
        return no("phantom", `${at}.book_id`, `there is no book ${book_id}`, undefined, book_id);
      if (row["title"] !== title)
        return no(
          "consistency",
          `${at}.title`,
          "the title is another",
          String(row["title"]),
          title,
        );
      if (subject !== undefined && row["subject"] !== subject) {
        return no(
          "consistency",
          `${at}.subject`,
          `${title} is about ${String(row["subject"])}`,
          subject,
          String(row["subject"]),
        );
      }
      if (!(Number(row["in_stock"]) > 0)) {
        return no("policy", `${at}.available`, `${title} is not in stock`, true, false);
      }
    }
    return {
      ok: true,
      checks: ["schema", "count", "phantoms", "titles", "subject", "stock"],
      grounded: true,
    };
  },
};

type Value = string | number | boolean;

function no(
  kind: ValidationError["kind"],
  field: string,
  message: string,
  expected?: Value,
  actual?: Value,
) {
  const error: ValidationError = {
    kind,
    field,
    message,
    ...(expected === undefined ? {} : { expected }),
    ...(actual === undefined ? {} : { actual }),
  };
  return { ok: false as const, error };
}
