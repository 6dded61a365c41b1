// Lift requests about what workers bring: certifications, reliability, experience in their notes.
import { ask, type LiftCategory } from "./lift-request.ts";

export const QUALITY: LiftCategory = {
  certification: [
    ask(
      {
        role: "warehouse associate",
        count: 2,
        city: "Dayton",
        state: "OH",
        certification: "forklift",
      },
      "Two forklift-certified warehouse associates in Dayton",
      [
        "Dayton, Ohio: 2 warehouse workers with a forklift license",
        "I want a couple of warehouse hands holding the forklift certification, Dayton OH",
      ],
      [
        "Two OSHA 10 warehouse associates in Dayton",
        "Two forklift-certified warehouse associates in Erie",
      ],
    ),
    ask(
      { role: "welder", count: 1, city: "Columbus", state: "OH", certification: "AWS D1.1" },
      "AWS certified welder, Columbus, OH",
      [
        "A production welder with AWS D1.1 in Columbus Ohio",
        "Who in Columbus, Ohio can weld and has the AWS certification?",
      ],
      ["OSHA 10 welder, Columbus, OH", "AWS certified welder, Columbus, IN"],
    ),
    ask(
      { role: "truck driver", count: 1, city: "Chicago", state: "IL", certification: "hazmat" },
      "Chicago load is chemicals: truck driver with hazmat endorsement",
      [
        "Hazmat endorsed tractor trailer driver, Chicago",
        "Semi driver in Chicago, IL, hazmat needed for chemicals",
      ],
      [
        "Chicago load is paper: truck driver, no hazmat endorsement needed",
        "Chicago load is chemicals: delivery driver with hazmat endorsement",
      ],
    ),
    ask(
      {
        role: "machine operator",
        count: 2,
        city: "Toledo",
        state: "OH",
        certification: "lockout tagout",
      },
      "2 press operators with LOTO, Toledo",
      [
        "Toledo OH needs two machine operators trained in lockout/tagout",
        "A pair of machine tenders with lockout tagout for Toledo",
      ],
      ["2 press operators with OSHA 10, Toledo", "2 maintenance mechanics with LOTO, Toledo"],
    ),
    ask(
      { role: "packer", count: 2, city: "Chicago", state: "IL", certification: "food handler" },
      "Bakery in Chicago: two packers, food handler card required",
      [
        "Two packagers with a food handlers card for a Chicago bakery",
        "Chicago, Illinois bakery wants 2 pack line workers who hold the food handler card",
      ],
      [
        "Bakery in Chicago: two packers, no food handler card required",
        "Bakery in Chicago: two line cooks, food handler card required",
      ],
    ),
    ask(
      {
        role: "security guard",
        count: 1,
        city: "Columbus",
        state: "OH",
        certification: "guard card",
      },
      "Licensed post in Columbus, Ohio: a security officer with a guard card",
      [
        "Columbus OH, one security guard, guard card a must",
        "We need a guard holding a guard card in Columbus, OH",
      ],
      [
        "Licensed post in Columbus, Ohio: a security officer with first aid",
        "Licensed post in Columbus, Indiana: a security officer with a guard card",
      ],
    ),
    ask(
      {
        role: "quality inspector",
        count: 1,
        city: "Detroit",
        state: "MI",
        certification: "Six Sigma",
      },
      "Quality technician with Six Sigma for Detroit",
      [
        "Detroit, MI: QC inspector, Six Sigma trained",
        "Is there a Six Sigma quality inspector near Detroit?",
      ],
      [
        "Quality technician with IPC-A-610 for Detroit",
        "Quality technician with Six Sigma for Grand Rapids",
      ],
    ),
  ],
  reliability: [
    ask(
      { role: "forklift operator", count: 2, city: "Columbus", state: "OH", min_reliability: 0.9 },
      "Our best client wants two highly reliable forklift operators in Columbus, OH",
      [
        "Two forklift drivers who never miss a shift, Columbus Ohio",
        "2 lift truck drivers we can count on, for Columbus, Ohio",
      ],
      [
        "Our best client wants two highly reliable material handlers in Columbus, OH",
        "Our best client wants two highly reliable forklift operators in Columbus, IN",
      ],
    ),
    ask(
      { role: "order picker", count: 2, city: "Toledo", state: "OH", min_reliability: 0.9 },
      "Two dependable pickers, Toledo",
      [
        "Toledo, OH: a pair of order selectors with perfect attendance",
        "2 order pickers who always show up, in Toledo Ohio",
      ],
      ["Two dependable packers, Toledo", "Two dependable pickers, Cleveland"],
    ),
    ask(
      { role: "assembler", count: 3, city: "Detroit", state: "MI", min_reliability: 0.9 },
      "Three assemblers with great attendance for Detroit",
      [
        "Detroit MI: 3 very reliable production assemblers",
        "We had too many no-shows: three dependable assembly workers in Detroit, please",
      ],
      [
        "Three assemblers with great attendance for Milwaukee",
        "Three machine operators with great attendance for Detroit",
      ],
    ),
    ask(
      { role: "packer", count: 1, city: "Cleveland", state: "OH", min_reliability: 0.95 },
      "Packer in Cleveland with reliability at least 0.95",
      [
        "Cleveland OH packager, reliability above 95%",
        "I need a packaging associate in Cleveland, reliability of at least 95 %",
      ],
      [
        "Packer in Cleveland with reliability at least 0.75",
        "Picker in Cleveland with reliability at least 0.95",
      ],
    ),
    ask(
      { role: "janitor", count: 1, city: "Chicago", state: "IL", min_reliability: 0.9 },
      "A rock-solid cleaner for an office in Chicago",
      ["Reliable janitor, Chicago office", "Someone dependable to clean offices in Chicago IL"],
      [
        "A rock-solid receptionist for an office in Chicago",
        "A rock-solid cleaner for an office in Pittsburgh",
      ],
    ),
    ask(
      { role: "delivery driver", count: 1, city: "Toledo", state: "OH", min_reliability: 0.9 },
      "Medical route in Toledo, the most reliable courier we have",
      [
        "A delivery driver we can count on for the medical route in Toledo, Ohio",
        "Toledo OH medical deliveries: a dependable van driver",
      ],
      [
        "Medical route in Toledo, the most reliable truck driver we have",
        "Medical route in Dayton, the most reliable courier we have",
      ],
    ),
  ],
  experience: [
    ask(
      {
        role: "forklift operator",
        count: 1,
        city: "Toledo",
        state: "OH",
        experience: "cold storage",
      },
      "Forklift driver with freezer experience, Toledo OH",
      [
        "Someone who has worked in cold storage and can operate a forklift, Toledo",
        "Toledo, Ohio: lift truck operator for a refrigerated warehouse",
      ],
      [
        "Forklift driver, no freezer work, Toledo OH",
        "Forklift driver with automotive experience, Toledo OH",
      ],
    ),
    ask(
      {
        role: "warehouse associate",
        count: 1,
        city: "Chicago",
        state: "IL",
        experience: "Spanish",
      },
      "Bilingual warehouse associate for Chicago",
      [
        "Chicago: a warehouse worker who speaks Spanish",
        "Spanish-speaking warehouse hand in Chicago, IL",
      ],
      [
        "Bilingual customer service rep for Chicago",
        "Warehouse associate for Chicago, Spanish not needed, must have team lead experience",
      ],
    ),
    ask(
      { role: "assembler", count: 1, city: "Columbus", state: "OH", experience: "clean room" },
      "Clean room assembler for Columbus Ohio",
      [
        "Assembly worker with cleanroom experience, Columbus, OH",
        "Columbus, Ohio electronics client wants a line assembler used to clean-room rules",
      ],
      ["Food grade assembler for Columbus Ohio", "Clean room machine operator for Columbus Ohio"],
    ),
    ask(
      { role: "order picker", count: 1, city: "Columbus", state: "OH", experience: "team lead" },
      "An order picker in Columbus, OH who has led a crew",
      [
        "Columbus Ohio: picker with team lead experience",
        "Order selector able to lead a crew, Columbus, OH",
      ],
      [
        "An order picker in Columbus, OH who has trained new hires",
        "An assembler in Columbus, OH who has led a crew",
      ],
    ),
    ask(
      { role: "packer", count: 1, city: "Detroit", state: "MI", experience: "food grade" },
      "Detroit snack factory: a packer with food grade background",
      [
        "Packager from a food plant, for Detroit, Michigan",
        "Food-grade packing associate, Detroit MI",
      ],
      [
        "Detroit snack factory: a packer with a food handler card",
        "Detroit snack factory: a packer with automotive background",
      ],
    ),
    ask(
      { role: "machine operator", count: 1, city: "Toledo", state: "OH", experience: "automotive" },
      "Toledo stamping shop needs a press operator from an auto plant",
      [
        "Machine operator with automotive experience, Toledo",
        "Someone to run presses in Toledo, OH, used to a car plant",
      ],
      [
        "Toledo stamping shop needs a press operator from a food plant",
        "Toledo stamping shop needs a welder from an auto plant",
      ],
    ),
  ],
};
