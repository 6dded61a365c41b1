// For tests: sentences that every kind of minimal edit finds something to change in.

export const SENTENCES: readonly string[] = [
  "book a table for two people on monday in Paris",
  "is the cheap flight from Boston to Denver on time",
  "what is the total of all my orders in march",
  "turn on the lights in 20 minutes",
  "Anna met Bob and later Carla met David in London",
  "send 5 dollars to the account by friday",
];
