// Everyday sentences that have nothing to do with each other: what "unrelated" is to a model.

/** Changing any changes every calibrated score. */
export const UNRELATED_TEXTS: readonly string[] = [
  "The train to the coast leaves at half past six.",
  "How do I reset my password?",
  "Mix the flour with two eggs and a little milk.",
  "The court dismissed the appeal on procedural grounds.",
  "Three painters are needed for a site in the north.",
  "Cells divide more slowly when oxygen is scarce.",
  "My order arrived broken and I want my money back.",
  "The striker scored twice in the second half.",
  "Turn off the lights in the kitchen at ten.",
  "Interest rates rose by a quarter of a percent.",
  "The old castle stands on a hill above the river.",
  "Please send the signed contract by Friday.",
  "A function returns the largest element of a list.",
  "The orchestra played a symphony in four movements.",
  "Heavy rain is expected over the mountains tomorrow.",
  "She has worked as a nurse for eleven years.",
  "The bridge was closed to lorries last winter.",
  "Water boils at a lower temperature at altitude.",
  "Book a table for four near the station.",
  "The committee elected a new chairwoman.",
  "Roses should be cut back in early spring.",
  "The engine makes a loud noise when it is cold.",
  "What is the capital of Portugal?",
  "He sold his shares before the merger was announced.",
  "The vaccine was given to two thousand volunteers.",
  "Children learn to read at different ages.",
  "The museum shows paintings from the seventeenth century.",
  "Delete the file and restart the server.",
  "Wolves returned to the valley after a hundred years.",
  "The tax return is due at the end of May.",
  "A triangle has three sides and three angles.",
  "The novel tells the story of two brothers.",
  "Translate this sentence into Spanish.",
  "The ship was carrying grain and steel.",
  "Blood pressure fell after six weeks of treatment.",
  "Play some jazz and lower the volume.",
  "The teacher handed out the exam papers.",
  "Solar panels cover the roof of the warehouse.",
  "I lost my card while travelling abroad.",
  "The recipe calls for garlic, olive oil and lemon.",
  "The border was drawn after the war.",
  "An inspector checks the lifts once a year.",
  "The telescope found a planet around a distant star.",
  "Why is my internet connection so slow?",
  "The band cancelled the last concert of the tour.",
  "Bees live in colonies with a single queen.",
  "The new law bans smoking in restaurants.",
  "Measure the length of the table in centimetres.",
];

/** The median over all pairs of rows; they have length 1. `vectors` is row-major. */
export function medianCosine(vectors: Float32Array, dimension: number): number {
  const cosines: number[] = [];
  for (let a = 0; a < vectors.length; a += dimension) {
    for (let b = a + dimension; b < vectors.length; b += dimension) {
      let product = 0;
      for (let at = 0; at < dimension; at++) product += vectors[a + at]! * vectors[b + at]!;
      cosines.push(product);
    }
  }
  return cosines.toSorted((x, y) => x - y)[Math.floor(cosines.length / 2)]!;
}
