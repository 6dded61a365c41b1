// Words that stand around a text without adding to it, and words that never do.

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/u));

/** May be there or not without another meaning: a recalled text is looked for without them. */
export const ARTICLES = words("a an the that");

/** Words that carry grammar; what is left of contractions is among them. */
export const FUNCTION_WORDS = words(`
  a about all am an any are as at be been being by can could d did do does for from had has have
  he her here him his how i in into is it its just like ll m may me might must my of on our out
  re s shall she should some such than that the their them then there these they this those to
  up us ve very was way we were what where which who will with would you your`);

/** Words of who remembers, tells, quotes or vouches: none of them says anything of the matter. */
export const SAYING_WORDS = words(`
  above according accordingly actually agent already also answer answered answers apparently
  appear appears asked assistant assume assuming basically believe brief briefing certain
  certainly check checked claim claimed clear clearly conclude concluded conclusion confirm
  confirmed confirms context conversation conversations correct correctly course database
  definitely detail details discussed doubt earlier entry evidence evident evidently exact
  exactly exist existing fact facts far find finding findings forget found fyi gather gathered
  give given gives go good got guess hand hear heard hello hence here hi hint history important
  indeed indicate indicated indicates info inform information informed input insight interesting
  item keep kept key knew know knowing knowledge known knows lastly learn learned learnt lesson
  let list listed log logged logs look looked looking lookup matter means memo memories memorise
  memorised memorize memorized memory mention mentioned mentions message mind mine mistaken
  namely note noted notes notice noting observation observed obviously ok okay once one original
  originally output part passage past people per place please point pointed points previous
  previously prior probably provided question quick quote quoted quoting read reads really
  recall recalled recalling recalls recap record recorded records refer reference regarding
  relevant remark remember remembered remembering remembers remind reminded reminder reminds
  repeat repeated repeating reply report reported reports response restate result results
  retrieval retrieve retrieved return returned returns right said save saved saving say saying
  says search searched searches searching see seem seems seen self sentence session shared short
  shortly show showed showing shown shows simply so source sources speaking state stated
  statement states still store stored stores story sum summarise summarised summarize summarized
  summary sure surely system takeaway tell telling tells text thing think thought thread tip
  today told tool topic trace traces true truth turn turns understand understood up update
  useful user verified version via we well word words worth write writing written wrote yes you`);

/** Join what is said to something else: with words of another matter that is news. */
export const JOINING_WORDS = words(`
  after although and because before but despite during either except if instead nor or otherwise
  plus since so therefore though thus unless until when whenever whereas whether which while who
  whose without yet`);

/** Numbers in words, denial and change: each of them makes another statement of the same words. */
export const NEWS_WORDS = words(`
  again anymore barely canceled cancelled cannot ceased changed closed contrary double dozen
  eight eleven ended except fails false fewer fifty five fixed forty four half hardly hundred
  inaccurate incorrect instead invalid less million moved never nine no nobody none nor not
  nothing obsolete only opposite outdated rarely removed repaired replaced resolved seldom seven
  six solved stopped t ten third thirty thousand three triple twelve twenty twice two unlike
  untrue without wrong`);

/** Phrases that deny nothing, as words with a space between. */
export const EMPTY_PHRASES = new RegExp(
  [
    "(?:do(?:n t| not)|didn t|won t|can(?:not| t)|not|never) (?:ever )?(?:to )?(?:forget|forgotten)",
    "(?:no|without(?: a| any)?) doubt",
    "not mistaken",
    "once (?:again|more)",
    "nothing new",
  ]
    .map((phrase) => `\\b${phrase}\\b`)
    .join("|"),
  "gu",
);
