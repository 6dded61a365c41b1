// Pairs of words that ask for opposite things; one of a pair in each query is a difference.

const PAIRS = `on/off increase/decrease raise/lower up/down open/close start/stop begin/end buy/sell
add/remove add/delete insert/delete enable/disable before/after above/below more/less more/fewer
most/least maximum/minimum max/min cheapest/dearest cheap/expensive highest/lowest higher/lower
hire/fire accept/decline accept/reject approve/reject approve/deny allow/forbid allow/block
send/receive deposit/withdraw arrive/depart arrival/departure incoming/outgoing inbound/outbound
earliest/latest early/late earlier/later first/last inside/outside indoor/outdoor indoors/outdoors
mute/unmute win/lose left/right top/bottom north/south east/west upper/lower upstairs/downstairs
public/private import/export upload/download push/pull borrow/lend give/take gain/lose
increase/reduce raise/reduce grow/shrink expand/shrink include/exclude including/excluding
with/without always/never everyone/nobody all/none some/none same/different true/false
success/failure succeed/fail pass/fail hot/cold warm/cool heat/cool fast/slow quick/slow
long/short longer/shorter large/small larger/smaller big/small bigger/smaller high/low heavy/light
full/empty new/old newer/older newest/oldest recent/old next/previous next/last forward/backward
forwards/backwards positive/negative permanent/temporary full-time/part-time day/night
morning/evening morning/night morning/afternoon afternoon/evening weekday/weekend
weekdays/weekends today/tomorrow today/yesterday tomorrow/yesterday daily/weekly daily/monthly
weekly/monthly monthly/yearly weekly/yearly daily/yearly sunrise/sunset male/female men/women
husband/wife mother/father mom/dad brother/sister son/daughter internal/external
physical/virtual online/offline online/in-person remote/on-site manual/automatic
single/double single/multiple major/minor senior/junior begin/finish start/finish start/end
cancel/confirm cancel/book cancel/schedule cancel/keep cancel/create cancel/make cancel/renew
create/delete attach/detach connect/disconnect show/hide turn/keep save/delete lend/borrow
join/leave enter/exit sooner/later active/inactive valid/invalid complete/incomplete
best/worst good/bad better/worse many/few won/lost win/lost credit/debit teacher/student
lost/found nearest/farthest nearest/furthest shortest/longest strong/weak safe/dangerous
easy/difficult easy/hard love/hate like/dislike born/died rich/poor young/old wet/dry dark/light
dark/bright deep/shallow wide/narrow thick/thin loud/quiet clean/dirty ancient/modern urban/rural
domestic/foreign domestic/international eastern/western northern/southern king/queen boy/girl
seller/buyer borrower/lender employer/employee winner/loser attack/defend follow/unfollow
upvote/downvote subscribe/unsubscribe assign/unassign credit/charge refund/charge
tighten/loosen inhale/exhale ascend/descend ascending/descending broaden/narrow
summer/winter spring/autumn spring/fall summer/autumn winter/spring winter/autumn summer/spring
read/write grant/revoke move/copy insert/remove warm/cold verbal/written plug/unplug
mr/mrs mr/ms mr/miss his/her eat/drink blank/filled vertical/horizontal clockwise/counterclockwise
correct/incorrect correct/wrong right/wrong possible/impossible legal/illegal regular/irregular`
  .split(/\s+/u)
  .map((pair) => pair.split("/") as [string, string]);

/** Word → the words that mean its opposite. */
export const OPPOSITES: ReadonlyMap<string, ReadonlySet<string>> = (() => {
  const opposites = new Map<string, Set<string>>();
  const put = (word: string, opposite: string) => {
    const set = opposites.get(word) ?? new Set();
    opposites.set(word, set.add(opposite));
  };
  for (const [a, b] of PAIRS) {
    put(a, b);
    put(b, a);
  }
  return opposites;
})();

/** Prefixes that turn a word of so many letters round: lock / unlock, activate / deactivate. */
export const REVERSING_PREFIXES: ReadonlyMap<string, number> = new Map([
  ["un", 4],
  ["dis", 4],
  ["non", 4],
  ["de", 6],
]);
