// A dozen books: the whole stock of the toy domain.
export interface Book {
  readonly book_id: string;
  readonly title: string;
  readonly author: string;
  readonly subject: string;
  readonly price: number;
  readonly in_stock: number;
}

const LINES: [string, string, string, number, number][] = [
  ["A Field Guide to Mosses", "I. Verdan", "botany", 24, 3],
  ["Bread at Home", "P. Crumb", "baking", 18.5, 7],
  ["Bread of the Mountains", "P. Crumb", "baking", 21, 0],
  ["Sailing by Stars", "M. Polar", "navigation", 30, 2],
  ["The Lighthouse Keepers", "M. Polar", "history", 16, 5],
  ["Knots and Splices", "R. Hitch", "seamanship", 12, 9],
  ["Small Engines Repaired", "G. Wrench", "mechanics", 27, 1],
  ["Bees Through the Year", "A. Hive", "beekeeping", 19, 4],
  ["Paper Boats", "L. Fold", "children", 9, 12],
  ["Night Trains", "O. Gleis", "travel", 14, 6],
  ["Clocks and How They Fail", "T. Escape", "mechanics", 33, 2],
  ["Salt", "C. Brine", "history", 11, 8],
];

export const BOOKS: readonly Book[] = LINES.map(
  ([title, author, subject, price, in_stock], index) => ({
    book_id: `B-${String(index + 1).padStart(3, "0")}`,
    title,
    author,
    subject,
    price,
    in_stock,
  }),
);
