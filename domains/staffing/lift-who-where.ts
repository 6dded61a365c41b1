// Lift requests about who and where: plain ones, counts, and places that share a name.
import { ask, type LiftCategory } from "./lift-request.ts";

export const WHO_AND_WHERE: LiftCategory = {
  plain: [
    ask(
      { role: "forklift operator", count: 1, city: "Toledo", state: "OH" },
      "Need a forklift operator in Toledo, OH",
      ["Somebody in Toledo Ohio who can drive a forklift", "Lift truck driver wanted, Toledo"],
      ["Need a machine operator in Toledo, OH", "Need a forklift operator in Dayton, OH"],
    ),
    ask(
      { role: "welder", count: 1, city: "Detroit", state: "MI" },
      "Looking for a welder in Detroit",
      [
        "Do we have anyone near Detroit, Michigan who can weld?",
        "Fabrication welder, Detroit MI, please",
      ],
      ["Looking for an electrician in Detroit", "Looking for a welder in Milwaukee"],
    ),
    ask(
      { role: "receptionist", count: 1, city: "Chicago", state: "IL" },
      "Our Chicago office lost its receptionist, send someone",
      [
        "We need someone to cover the front desk in Chicago",
        "Front desk clerk for Chicago, Illinois",
      ],
      [
        "Our Chicago office lost its janitor, send someone",
        "Our Nashville office lost its receptionist, send someone",
      ],
    ),
    ask(
      { role: "maintenance technician", count: 1, city: "Louisville", state: "KY" },
      "A press is down in Louisville, get me a maintenance technician",
      [
        "Industrial mechanic for Louisville, KY",
        "I need someone in Louisville to fix production equipment",
      ],
      [
        "A press is down in Louisville, get me a press operator",
        "A press is down in Memphis, get me a maintenance technician",
      ],
    ),
    ask(
      { role: "data entry clerk", count: 1, city: "Cleveland", state: "OH" },
      "Who could do data entry for a client in Cleveland?",
      ["Data typist needed, Cleveland Ohio", "Find a data entry operator around Cleveland"],
      [
        "Who could take customer calls for a client in Cleveland?",
        "Who could do data entry for a client in Cincinnati?",
      ],
    ),
    ask(
      { role: "security guard", count: 1, city: "Memphis", state: "TN" },
      "One security guard, Memphis warehouse gate",
      ["Memphis: somebody to watch the gate", "A security officer for our site in Memphis TN"],
      [
        "One shipping clerk, Memphis warehouse gate",
        "One security guard, Pittsburgh warehouse gate",
      ],
    ),
    ask(
      { role: "line cook", count: 1, city: "Indianapolis", state: "IN" },
      "Cafeteria in Indianapolis needs a line cook",
      [
        "Prep cook for an Indianapolis, IN cafeteria",
        "Can someone cook on the line at a cafeteria in Indianapolis?",
      ],
      ["Cafeteria in Indianapolis needs a janitor", "Cafeteria in Fort Wayne needs a line cook"],
    ),
  ],
  count: [
    ask(
      { role: "packer", count: 4, city: "Columbus", state: "OH" },
      "Four packers for Columbus, OH",
      [
        "Columbus Ohio, 4 packaging associates please",
        "Could I get four people to pack boxes in Columbus, Ohio?",
      ],
      ["Fourteen packers for Columbus, OH", "Four order pickers for Columbus, OH"],
    ),
    ask(
      { role: "warehouse associate", count: 6, city: "Indianapolis", state: "IN" },
      "We're short half a dozen warehouse associates in Indianapolis",
      ["6 warehouse workers, Indianapolis IN", "Send six warehouse hands to Indianapolis"],
      [
        "We're short two warehouse associates in Indianapolis",
        "We're short half a dozen warehouse associates in Cincinnati",
      ],
    ),
    ask(
      { role: "assembler", count: 5, city: "Grand Rapids", state: "MI" },
      "5 assemblers, Grand Rapids MI, line 3",
      [
        "Line 3 at Grand Rapids needs five assembly line workers",
        "I want five people to work the assembly line in Grand Rapids",
      ],
      ["3 assemblers, Grand Rapids MI, line 5", "5 assemblers, Lansing MI, line 3"],
    ),
    ask(
      { role: "order picker", count: 8, city: "Joliet", state: "IL" },
      "Peak is coming: eight order pickers in Joliet",
      ["Joliet, Illinois: 8 order selectors for peak", "For peak we want eight pickers in Joliet"],
      ["Peak is coming: eight packers in Joliet", "Peak is coming: three order pickers in Joliet"],
    ),
    ask(
      { role: "truck driver", count: 2, city: "Kansas City", state: "MO" },
      "A couple of truck drivers out of Kansas City, MO",
      [
        "Two class A drivers, Kansas City Missouri",
        "2 people who can drive a semi, based in Kansas City, MO",
      ],
      [
        "A couple of delivery drivers out of Kansas City, MO",
        "A couple of truck drivers out of Kansas City, KS",
      ],
    ),
    ask(
      { role: "janitor", count: 3, city: "Cincinnati", state: "OH" },
      "Three janitors to Cincinnati for the move-out",
      [
        "The move-out in Cincinnati takes 3 custodians",
        "3 cleaners, Cincinnati, Ohio, for a move-out",
      ],
      [
        "Three landscapers to Cincinnati for the move-out",
        "Ten janitors to Cincinnati for the move-out",
      ],
    ),
    ask(
      { role: "forklift operator", count: 3, city: "Chicago", state: "IL" },
      "Chicago dock wants three forklift drivers",
      [
        "3 forklift operators at the Chicago dock",
        "Get me three folks who can operate forklifts in Chicago, IL",
      ],
      ["Chicago dock wants three dock clerks", "Chicago dock wants seven forklift drivers"],
    ),
  ],
  "places that share a name": [
    ask(
      { role: "warehouse associate", count: 2, city: "Springfield", state: "MO" },
      "Two warehouse workers for Springfield, Missouri",
      [
        "Springfield MO needs 2 warehouse associates",
        "2 warehouse helpers, the Springfield in Missouri: Springfield, MO",
      ],
      [
        "Two warehouse workers for Springfield, Illinois",
        "Two warehouse workers for Springfield, Ohio",
      ],
    ),
    ask(
      { role: "assembler", count: 2, city: "Columbus", state: "IN" },
      "Columbus, IN plant: two assemblers",
      [
        "Two production assemblers in Columbus, Indiana",
        "We could use 2 line assemblers at the Columbus Indiana plant",
      ],
      ["Columbus, OH plant: two assemblers", "Columbus, IN plant: two packers"],
    ),
    ask(
      { role: "delivery driver", count: 1, city: "Kansas City", state: "KS" },
      "Van driver, Kansas City on the Kansas side: Kansas City, KS",
      [
        "Courier wanted in Kansas City, Kansas",
        "Someone to drive a delivery van in Kansas City KS",
      ],
      [
        "Van driver, Kansas City on the Missouri side: Kansas City, MO",
        "Truck driver, Kansas City on the Kansas side: Kansas City, KS",
      ],
    ),
    ask(
      { role: "forklift operator", count: 2, city: "Springfield", state: "IL" },
      "Springfield IL: 2 forklift operators",
      [
        "A pair of forklift drivers for Springfield, Illinois",
        "Two people in Springfield, IL to run a forklift",
      ],
      ["Springfield MO: 2 forklift operators", "Springfield OH: 2 forklift operators"],
    ),
    ask(
      { role: "machine operator", count: 2, state: "OH" },
      "Two machine operators anywhere in Ohio",
      [
        "Ohio, any city: 2 press operators",
        "I'd take two production machine operators from all over Ohio",
      ],
      [
        "Two machine operators anywhere in Michigan",
        "Two maintenance technicians anywhere in Ohio",
      ],
    ),
    ask(
      { role: "electrician", count: 1, state: "KY" },
      "Any electrician in Kentucky will do",
      [
        "Kentucky: one industrial electrician, city doesn't matter",
        "A journeyman electrician from somewhere in Kentucky",
      ],
      ["Any electrician in Tennessee will do", "Any machinist in Kentucky will do"],
    ),
  ],
};
