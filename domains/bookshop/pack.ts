// A toy domain of a dozen books: it proves that the core knows nothing of any domain.
import type { DomainPack } from "#pack.ts";
import { BOOKS } from "./books.ts";
import { orderTask } from "./order-task.ts";
import { orderValidator } from "./order-validator.ts";

export const bookshopPack: DomainPack = {
  name: "bookshop",
  summary: "ordering books from a small stock",
  validators: { order: orderValidator },
  tasks: { order: orderTask },
  slots: [
    {
      slot: "subject",
      groups: [...new Set(BOOKS.map((book) => book.subject))].map((one) => [one]),
    },
  ],
  corpora: [
    {
      corpus: "books",
      summary: "the stock: one text for each book",
      dataset: "books",
      id_column: "book_id",
      id_prefix: "b-",
      template: "{title} by {author}, about {subject}",
      metadata_columns: ["book_id", "title", "author", "subject", "price", "in_stock"],
    },
  ],
  generate: () => [
    {
      dataset: "books",
      columns: [
        { name: "book_id", type: "string", nullable: false },
        ...["title", "author", "subject"].map((name) => ({ name, type: "string", nullable: true })),
        { name: "price", type: "double", nullable: true },
        { name: "in_stock", type: "long", nullable: true },
      ],
      csv: function* () {
        for (const book of BOOKS) yield `${Object.values(book).join(",")}\n`;
      },
    },
  ],
  liftSet: () => undefined,
  scenario: () => undefined,
};
