// Which words and pairs of words each task class uses, kept as counts.

export interface ClassWords {
  /** `stems` in the order of the text; a text counts each term once. */
  add(task_class: string, stems: readonly string[]): void;
  remove(task_class: string, stems: readonly string[]): void;
  /** Class → log-likelihood ratio of the query's known terms against all classes together. */
  likelihoods(stems: readonly string[]): Map<string, number>;
  /** Share of the query's words, by weight, that no text of the class has; 0 without words. */
  novelty(task_class: string, stems: readonly string[]): number;
}

interface ClassCount {
  texts: number;
  terms: number;
}

interface TermCount {
  total: number;
  readonly by_class: Map<string, number>;
}

/** Terms of all classes together that a class is credited with before anything is known of it. */
const PRIOR_TERMS = 300;

/**
 * Multinomial naive Bayes over stems and pairs of neighbouring stems, smoothed by the distribution
 * over all classes (Zhai and Lafferty's Dirichlet prior, SIGIR 2001); a term counts once in a text.
 */
export function createClassWords(): ClassWords {
  const classes = new Map<string, ClassCount>();
  const terms = new Map<string, TermCount>();
  let all_terms = 0;
  let texts = 0;

  function change(task_class: string, stems: readonly string[], times: 1 | -1): void {
    const found = termsOf(stems);
    const own = classes.get(task_class) ?? { texts: 0, terms: 0 };
    classes.set(task_class, own);
    own.texts += times;
    own.terms += times * found.size;
    texts += times;
    all_terms += times * found.size;
    if (own.texts === 0) classes.delete(task_class);
    for (const term of found) {
      const counted = terms.get(term) ?? { total: 0, by_class: new Map<string, number>() };
      terms.set(term, counted);
      counted.total += times;
      const left = (counted.by_class.get(task_class) ?? 0) + times;
      if (left === 0) counted.by_class.delete(task_class);
      else counted.by_class.set(task_class, left);
      if (counted.total === 0) terms.delete(term);
    }
  }

  /** Weight of a word by the share of texts that have it. */
  const weightOf = (stem: string): number =>
    Math.log((texts + 1) / ((terms.get(stem)?.total ?? 0) + 0.5));

  return {
    add: (task_class, stems) => change(task_class, stems, 1),
    remove: (task_class, stems) => change(task_class, stems, -1),
    likelihoods(stems) {
      const found = [...termsOf(stems)].flatMap((term) => terms.get(term) ?? []);
      const smoothing = all_terms + 0.5 * terms.size;
      const ratios = new Map<string, number>();
      for (const [name, own] of classes) {
        ratios.set(name, found.length * Math.log(PRIOR_TERMS / (own.terms + PRIOR_TERMS)));
      }
      for (const { total, by_class } of found) {
        const expected = (PRIOR_TERMS * (total + 0.5)) / smoothing;
        for (const [name, n] of by_class) {
          ratios.set(name, ratios.get(name)! + Math.log(1 + n / expected));
        }
      }
      return ratios;
    },
    novelty(task_class, stems) {
      let [all, fresh] = [0, 0];
      for (const stem of new Set(stems)) {
        const weight = weightOf(stem);
        all += weight;
        if (!terms.get(stem)?.by_class.has(task_class)) fresh += weight;
      }
      return all <= 0 ? 0 : fresh / all;
    },
  };
}

/** Stems, and pairs of neighbours with the ends of the text marked. */
function termsOf(stems: readonly string[]): Set<string> {
  const found = new Set(stems);
  const ends = ["^", ...stems, "$"];
  for (let at = 1; at < ends.length; at++) found.add(`${ends[at - 1]}\n${ends[at]}`);
  return found;
}
