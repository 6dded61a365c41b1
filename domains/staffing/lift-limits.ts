// Lift requests with limits: pay, what is ruled out, and several demands at once; then off-topic.
import { ask, type LiftCategory } from "./lift-request.ts";

export const LIMITS_AND_MIXES: LiftCategory = {
  limits: [
    ask(
      { role: "packer", count: 2, city: "Toledo", state: "OH", max_pay: 17 },
      "Budget is tight: two packers in Toledo under $17 an hour",
      [
        "Toledo OH, 2 packagers, at most $17/hour",
        "Two packing associates for Toledo, no more than 17 dollars an hour",
      ],
      [
        "Budget is fine: two packers in Toledo up to $27 an hour",
        "Budget is tight: two welders in Toledo under $17 an hour",
      ],
    ),
    ask(
      { role: "forklift operator", count: 1, city: "Chicago", state: "IL", max_pay: 20 },
      "Forklift operator in Chicago, max $20 per hour",
      [
        "Chicago forklift driver, not more than 20 an hour",
        "Somebody to run a forklift in Chicago IL for $20 an hour",
      ],
      [
        "Forklift operator in Chicago, max $30 per hour",
        "Forklift operator in Dayton, max $20 per hour",
      ],
    ),
    ask(
      { role: "warehouse associate", count: 3, city: "Detroit", state: "MI", max_pay: 16.5 },
      "Three warehouse workers in Detroit capped at 16.50 an hour",
      [
        "3 warehouse associates, Detroit MI, up to $16.50/hr",
        "Detroit wants three warehouse hands and pays at most 16.5 an hour",
      ],
      [
        "Three warehouse workers in Detroit capped at 19.50 an hour",
        "Three warehouse workers in Lansing capped at 16.50 an hour",
      ],
    ),
    ask(
      { role: "janitor", count: 2, city: "Columbus", state: "OH", max_pay: 15 },
      "2 custodians, Columbus Ohio, below $15 an hour",
      [
        "Columbus, OH: two cleaners for $15 an hour",
        "Two janitors in Columbus, Ohio, no more than $15 per hour",
      ],
      [
        "2 custodians, Columbus Indiana, below $15 an hour",
        "2 custodians, Columbus Ohio, below $18 an hour",
      ],
    ),
    ask(
      { role: "assembler", count: 2, city: "Cleveland", state: "OH", max_pay: 18 },
      "Assembly line workers, two of them, Cleveland, less than 18 an hour",
      [
        "Two line assemblers in Cleveland Ohio, max 18 per hour",
        "Cleveland, OH needs 2 production assemblers, capped at $18 an hour",
      ],
      [
        "Assembly line workers, two of them, Cleveland, less than 28 an hour",
        "Machine tenders, two of them, Cleveland, less than 18 an hour",
      ],
    ),
    ask(
      { role: "receptionist", count: 1, state: "OH", max_pay: 17 },
      "Receptionist in Ohio, up to $17 an hour",
      [
        "Someone to answer phones anywhere in Ohio for $17/hr",
        "Ohio: front desk assistant, max $17 per hour",
      ],
      [
        "Receptionist in Pennsylvania, up to $17 an hour",
        "Receptionist in Ohio, up to $12 an hour",
      ],
    ),
    ask(
      { role: "forklift operator", count: 2, city: "Toledo", state: "OH", not_shift: "night" },
      "Two forklift operators in Toledo, anything but nights",
      [
        "Toledo OH, 2 forklift drivers, not the night shift",
        "A couple of lift truck operators for Toledo who don't work overnights",
      ],
      [
        "Two forklift operators in Toledo, nights",
        "Two forklift operators in Toledo, anything but days",
      ],
    ),
    ask(
      { role: "electrician", count: 1, state: "OH", not_city: "Columbus" },
      "Electrician in Ohio, but not in Columbus",
      [
        "Anywhere in Ohio except Columbus: one journeyman electrician",
        "An industrial electrician from Ohio, outside Columbus",
      ],
      ["Electrician in Columbus, Ohio", "Electrician in Ohio, but not in Cleveland"],
    ),
    ask(
      { role: "packer", count: 2, city: "Chicago", state: "IL", not_shift: "evening" },
      "Chicago packers, two, not second shift",
      [
        "2 packagers in Chicago who don't work evenings",
        "Two packaging associates, Chicago IL, any shift other than the evening shift",
      ],
      ["Chicago packers, two, second shift", "Chicago pickers, two, not second shift"],
    ),
    ask(
      { role: "truck driver", count: 2, city: "Indianapolis", state: "IN", available: "weekdays" },
      "Two truck drivers out of Indianapolis, no weekends",
      [
        "Indianapolis IN: 2 CDL drivers, weekdays",
        "A couple of semi drivers in Indianapolis for Monday to Friday",
      ],
      [
        "Two truck drivers out of Indianapolis, weekends",
        "Two truck drivers out of South Bend, no weekends",
      ],
    ),
    ask(
      {
        role: "warehouse associate",
        count: 1,
        city: "Toledo",
        state: "OH",
        exclude: ["Maria Garcia"],
      },
      "A warehouse associate for Toledo, but not Maria Garcia",
      [
        "Toledo, OH warehouse worker, anyone but Maria Garcia",
        "One warehouse hand in Toledo, excluding Maria Garcia",
      ],
      [
        "A warehouse associate for Toledo, but not James Smith",
        "A shipping clerk for Toledo, but not Maria Garcia",
      ],
    ),
    ask(
      { role: "assembler", count: 1, city: "Milwaukee", state: "WI", not_shift: "night" },
      "Assembler for Milwaukee, never on nights",
      [
        "Milwaukee: an assembly worker, not overnight",
        "One production assembler in Milwaukee, WI who can't work the third shift",
      ],
      ["Assembler for Milwaukee, on nights", "Welder for Milwaukee, never on nights"],
    ),
  ],
  mixed: [
    ask(
      {
        role: "forklift operator",
        count: 2,
        city: "Toledo",
        state: "OH",
        shift: "day",
        certification: "OSHA 10",
      },
      "Toledo days: two forklift operators with OSHA 10",
      [
        "2 OSHA-10 forklift drivers on first shift in Toledo",
        "A pair of lift truck operators holding OSHA 10, day shift, Toledo, Ohio",
      ],
      [
        "Toledo days: two forklift operators without OSHA 10",
        "Toledo nights: two forklift operators with OSHA 10",
      ],
    ),
    ask(
      {
        role: "order picker",
        count: 2,
        city: "Columbus",
        state: "OH",
        shift: "night",
        min_reliability: 0.9,
      },
      "Reliable pickers for nights in Columbus OH, two",
      [
        "Two order selectors for overnights in Columbus, Ohio who never miss a shift",
        "Columbus, OH third shift: a couple of dependable order pullers",
      ],
      [
        "Reliable pickers for evenings in Columbus OH, two",
        "Reliable packers for nights in Columbus OH, two",
      ],
    ),
    ask(
      {
        role: "warehouse associate",
        count: 2,
        city: "Chicago",
        state: "IL",
        certification: "forklift",
        available: "weekends",
      },
      "Weekend cover in Chicago: two warehouse workers with forklift license",
      [
        "Two forklift certified warehouse associates for weekends, Chicago",
        "Chicago IL, Saturdays and Sundays, 2 warehouse hands, forklift ticket required",
      ],
      [
        "Weekday cover in Chicago: two warehouse workers with forklift license",
        "Weekend cover in Chicago: two warehouse workers, no forklift license needed",
      ],
    ),
    ask(
      {
        role: "machine operator",
        count: 1,
        city: "Chicago",
        state: "IL",
        shift: "day",
        max_pay: 21,
      },
      "Day shift press operator in Chicago, at most $21 an hour",
      [
        "Chicago, first shift, one machine operator up to $21/hour",
        "A machine tender for the Chicago day crew for no more than 21 an hour",
      ],
      [
        "Night shift press operator in Chicago, at most $21 an hour",
        "Day shift press operator in Chicago, at most $31 an hour",
      ],
    ),
    ask(
      {
        role: "packer",
        count: 2,
        city: "Columbus",
        state: "OH",
        shift: "day",
        available: "saturdays",
      },
      "Two packers on days in Columbus, OH, Saturdays included",
      [
        "Columbus Ohio: 2 packagers, first shift, must be free on Saturday",
        "Day shift in Columbus, OH with Saturdays, a couple of pack line workers",
      ],
      [
        "Two packers on days in Columbus, OH, weekdays",
        "Two packers on nights in Columbus, OH, Saturdays included",
      ],
    ),
    ask(
      {
        role: "forklift operator",
        count: 1,
        city: "Detroit",
        state: "MI",
        experience: "high reach",
        certification: "forklift",
      },
      "Reach truck work in Detroit: forklift operator with forklift certification",
      [
        "Detroit, MI: licensed means forklift license, forklift driver with high reach experience",
        "A forklift-certified lift truck operator, good on the high-reach, Detroit",
      ],
      [
        "Reach truck work in Detroit: forklift operator with OSHA 10",
        "Reach truck work in Lansing: forklift operator with forklift certification",
      ],
    ),
  ],
};

/** No business of a staffing agency like this one; some use its words. */
export const OFF_TOPIC: readonly string[] = [
  "We need a registered nurse for nights in Toledo",
  "Two dental hygienists in Columbus, OH",
  "Find me a senior software engineer in Chicago",
  "Is there a physical therapist available in Detroit this weekend?",
  "A lawyer in Cleveland who knows labor law",
  "What is the average pay of a forklift operator in Ohio?",
  "How do I renew my passport before a trip in May?",
  "Write a poem about the night shift",
  "Recipe for chili that feeds a dozen",
  "Where can I buy a used forklift near Dayton?",
  "Will it rain in Indianapolis on Saturday?",
  "Three paramedics for a marathon in Louisville",
  "Book a table for four in Nashville tonight",
  "Who won the game between Detroit and Cleveland?",
  "Explain the difference between HNSW and a flat index",
  "A math tutor for my daughter, two evenings a week, Akron",
  "Need a crane operator and a rigger in Pittsburgh",
  "Translate this contract into German",
  "How to become a welder in Michigan?",
  "My invoice from March is wrong, please correct it",
];
