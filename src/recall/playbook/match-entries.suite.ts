// For tests: a query of many words, unlike others in its first.

export const longQuery = (words: number, first: string) =>
  `${first} ${Array.from({ length: words }, (_, at) => `word${at % 700}x`).join(" ")}`;
