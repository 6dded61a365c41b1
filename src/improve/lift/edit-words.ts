// Words that minimal edits exchange. On purpose not the words that the gates know.

/** Either of a pair for the other turns what is asked. */
export const ANTONYMS: readonly (readonly [string, string])[] = `on/off open/close start/stop
increase/decrease raise/lower add/remove enable/disable before/after above/below cheap/expensive
highest/lowest best/worst first/last buy/sell send/receive deposit/withdraw arrive/depart
accept/reject allow/block lock/unlock mute/unmute early/late left/right top/bottom north/south
public/private import/export upload/download lend/borrow gain/lose include/exclude always/never
success/failure hot/cold fast/slow long/short large/small full/empty new/old next/previous
positive/negative day/night morning/evening weekly/monthly online/offline internal/external
create/delete join/leave show/hide like/dislike win/lose won/lost love/hate born/died rich/poor
husband/wife mother/father king/queen upvote/downvote follow/unfollow assign/unassign major/minor
senior/junior eastern/western northern/southern upper/lower domestic/foreign ancient/modern
urban/rural strong/weak heavy/light deep/shallow wide/narrow dark/bright dry/wet safe/dangerous
male/female man/woman boy/girl son/daughter teacher/student buyer/seller winner/loser
oldest/newest nearest/farthest shortest/longest least/most fewer/more maximum/minimum
credit/debit incoming/outgoing arrival/departure entry/exit attack/defend approve/decline`
  .split(/\s+/u)
  .map((pair) => pair.split("/") as [string, string]);

/** Names of one kind, one of which can stand where another stands. */
export const PLACES = `Paris London Berlin Tokyo Chicago Boston Denver Seattle Madrid Rome Toronto
Sydney Dublin Vienna Oslo Lisbon Cairo Mumbai Dallas Miami Atlanta Houston Philadelphia Pittsburgh
Mexico Canada France Germany Italy Spain Japan China India Brazil England Australia Texas
California Florida Ohio Virginia Europe Africa Asia America Portugal Poland Russia Ireland Scotland
Vancouver Montreal Phoenix Austin Nashville Cleveland`.split(/\s+/u);

export const UNITS: readonly (readonly string[])[] = [
  ["minutes", "hours", "days", "weeks", "months", "years"],
  ["minute", "hour", "day", "week", "month", "year"],
  ["miles", "kilometers", "feet"],
  ["dollars", "euros", "pounds"],
  ["cups", "ounces", "liters", "tablespoons"],
  ["celsius", "fahrenheit"],
  ["inches", "centimeters"],
  ["km", "miles"],
];

export const DATES: readonly (readonly string[])[] = [
  ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
  ["january february march april may june july august september october november december"].flatMap(
    (months) => months.split(" "),
  ),
  ["today", "tomorrow", "yesterday"],
  ["morning", "afternoon", "evening"],
  ["spring", "summer", "autumn", "winter"],
];

export const NUMBER_WORDS = "two three four five six seven eight nine ten twelve twenty".split(" ");

export const QUANTITIES: readonly (readonly [string, string])[] = [
  ["all", "some"],
  ["every", "half of every"],
  ["each", "only one"],
  ["most", "least"],
  ["both", "neither"],
  ["many", "few"],
  ["any", "no"],
  ["only", "not only"],
];

/** What an exclusion leaves out; put behind a request. */
export const EXCLUSIONS = [
  "but not the first one",
  "except on weekends",
  "without any fees",
  "excluding taxes",
  "other than the usual one",
  "apart from the cheapest",
] as const;
