// Lift requests about when: shifts and availability.
import { ask, type LiftCategory } from "./lift-request.ts";

export const WHEN: LiftCategory = {
  shift: [
    ask(
      { role: "forklift operator", count: 3, city: "Toledo", state: "OH", shift: "night" },
      "Need 3 forklift operators in Toledo, OH for the night shift",
      [
        "Three forklift drivers for Toledo overnights",
        "Toledo Ohio third shift is missing three lift truck operators",
      ],
      [
        "Need 3 forklift operators in Toledo, OH for the day shift",
        "Need 3 order pickers in Toledo, OH for the night shift",
      ],
    ),
    ask(
      { role: "packer", count: 2, city: "Dayton", state: "OH", shift: "evening" },
      "Second shift in Dayton could use two packers",
      ["2 packagers, Dayton, evenings", "Evening shift, Dayton OH: a couple of packing associates"],
      [
        "First shift in Dayton could use two packers",
        "Second shift in Akron could use two packers",
      ],
    ),
    ask(
      { role: "machine operator", count: 2, city: "Cleveland", state: "OH", shift: "night" },
      "Graveyard shift in Cleveland: two machine operators",
      [
        "Cleveland needs two press operators on nights",
        "2 production machine operators for third shift, Cleveland Ohio",
      ],
      [
        "Swing shift in Cleveland: two machine operators",
        "Graveyard shift in Cleveland: two security guards",
      ],
    ),
    ask(
      { role: "order picker", count: 4, city: "Chicago", state: "IL", shift: "day" },
      "4 pickers on days, Chicago",
      [
        "Daytime shift in Chicago, Illinois, four order pullers",
        "Chicago first shift needs four order selectors",
      ],
      ["4 pickers on nights, Chicago", "4 packers on days, Chicago"],
    ),
    ask(
      { role: "security guard", count: 2, city: "Louisville", state: "KY", shift: "night" },
      "Two guards overnight at a yard in Louisville",
      [
        "Overnight shift, Louisville KY yard, 2 security officers",
        "Louisville: a pair of security guards for the graveyard shift",
      ],
      [
        "Two guards for the day shift at a yard in Louisville",
        "Two guards overnight at a yard in Nashville",
      ],
    ),
    ask(
      { role: "assembler", count: 3, city: "Milwaukee", state: "WI", shift: "evening" },
      "Milwaukee swing shift, three assembly workers",
      [
        "Three assemblers for 2nd shift in Milwaukee",
        "Evenings in Milwaukee WI: 3 people who can work on an assembly line",
      ],
      [
        "Milwaukee swing shift, three quality inspectors",
        "Milwaukee day shift, three assembly workers",
      ],
    ),
    ask(
      { role: "warehouse associate", count: 2, city: "Columbus", state: "OH", shift: "night" },
      "Looking for two warehouse associates willing to do third shift, Columbus, Ohio",
      [
        "Columbus OH, nights, 2 warehouse hands",
        "A couple of warehouse team members for overnights in Columbus, OH",
      ],
      [
        "Looking for two warehouse associates willing to do second shift, Columbus, Ohio",
        "Looking for two warehouse associates willing to do third shift, Columbus, Indiana",
      ],
    ),
  ],
  availability: [
    ask(
      { role: "packer", count: 2, city: "Toledo", state: "OH", available: "weekends" },
      "Two packers in Toledo for weekend work",
      [
        "Weekends in Toledo: 2 packaging associates",
        "Who can pack boxes on weekends in Toledo OH? I need two",
      ],
      ["Two packers in Toledo for weekday work", "Two janitors in Toledo for weekend work"],
    ),
    ask(
      {
        role: "warehouse associate",
        count: 3,
        city: "Chicago",
        state: "IL",
        available: "saturdays",
      },
      "Saturday inventory in Chicago, three warehouse associates",
      [
        "3 warehouse workers on Saturdays in Chicago, IL",
        "Chicago: this Saturday three warehouse helpers for stock count",
      ],
      [
        "Weekday inventory in Chicago, three warehouse associates",
        "Saturday inventory in Detroit, three warehouse associates",
      ],
    ),
    ask(
      {
        role: "forklift operator",
        count: 1,
        city: "Columbus",
        state: "OH",
        available: "short notice",
      },
      "Someone called off: forklift operator at short notice, Columbus OH",
      [
        "Last-minute forklift driver, Columbus, Ohio",
        "I need an on-call lift truck operator in Columbus, OH",
      ],
      [
        "Someone called off: shipping clerk at short notice, Columbus OH",
        "Someone called off: forklift operator at short notice, Columbus IN",
      ],
    ),
    ask(
      { role: "delivery driver", count: 2, city: "Detroit", state: "MI", available: "weekends" },
      "Parcel volume is up, 2 delivery drivers who work weekends in Detroit",
      [
        "Two couriers, Detroit, weekend routes",
        "Detroit MI needs two van drivers on Saturdays and Sundays",
      ],
      [
        "Parcel volume is up, 2 delivery drivers, no weekends, in Detroit",
        "Parcel volume is up, 2 order pickers who work weekends in Detroit",
      ],
    ),
    ask(
      { role: "janitor", count: 1, city: "Indianapolis", state: "IN", available: "weekdays" },
      "Custodian for a school in Indianapolis, weekdays",
      [
        "Monday to Friday cleaner in Indianapolis, Indiana",
        "A janitor, Mon-Fri, Indianapolis IN school",
      ],
      [
        "Custodian for a school in Indianapolis, weekends",
        "Landscaper for a school in Indianapolis, weekdays",
      ],
    ),
    ask(
      { role: "line cook", count: 1, city: "Nashville", state: "TN", available: "weekends" },
      "Nashville kitchen wants a prep cook for weekend brunch",
      [
        "Line cook, weekends, Nashville TN",
        "Can anybody cook breakfast on Saturdays and Sundays in Nashville?",
      ],
      [
        "Nashville kitchen wants a prep cook for weekday breakfast",
        "Memphis kitchen wants a prep cook for weekend brunch",
      ],
    ),
  ],
};
