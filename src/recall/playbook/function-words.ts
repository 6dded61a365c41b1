// Words that carry grammar rather than content; they weigh little in the lexical score.

export const FUNCTION_WORDS: ReadonlySet<string> = new Set(
  `a about after again all also am an and any are as at be because been before being but by can
  could did do does doing done for from get gets getting give given go goes going got had has have
  having he her here hers him his how i if im in into is it its itself just kindly know let like
  made make makes may me might mine more most much must my myself need needs now of off ok okay on
  one only or other our ours out over own please put really s same shall she should show so some
  such t take tell than thank thanks that the their them then there these they thing things this
  those to too try up us use very want wants was way we well were what whats when where which while
  who whom whose why will with wondering would yes you your yours`
    .split(/\s+/u)
    .filter((word) => word !== ""),
);
