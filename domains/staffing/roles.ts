// The roles staffing fills: every way people write them, and what workers in them tend to hold.

export interface Role {
  readonly role: string;
  /** Other names of the same role, singular. */
  readonly synonyms: readonly string[];
  /** Phrases that mean someone in the role: "can drive a forklift". */
  readonly phrases: readonly string[];
  readonly skills: readonly string[];
  readonly certifications: readonly string[];
  /** Usual pay in dollars an hour. */
  readonly pay: number;
}

type Line = [string, string[], string[], string[], string[], number];

// Ordered by how common they are: the generator gives the first the most workers.
const LINES: Line[] = [
  [
    "forklift operator",
    [
      "forklift driver",
      "fork lift operator",
      "fork lift driver",
      "lift truck operator",
      "lift truck driver",
    ],
    [
      "drive a forklift",
      "operate a forklift",
      "drive forklifts",
      "operate forklifts",
      "run a forklift",
      "drive a fork lift",
    ],
    ["pallet handling", "dock loading", "stand-up reach", "inventory scanning"],
    ["forklift", "OSHA 10"],
    19.5,
  ],
  [
    "warehouse associate",
    ["warehouse worker", "warehouse hand", "warehouse helper", "warehouse team member"],
    ["work in a warehouse", "work in the warehouse"],
    ["picking", "packing", "cycle counting", "dock loading"],
    ["OSHA 10", "forklift"],
    17,
  ],
  [
    "order picker",
    ["picker", "order selector", "order puller"],
    ["pick orders", "pull orders"],
    ["RF scanning", "voice picking", "pallet building"],
    ["OSHA 10"],
    17.25,
  ],
  [
    "packer",
    ["packager", "packaging associate", "packing associate", "pack line worker"],
    ["pack boxes", "pack orders"],
    ["labeling", "shrink wrap", "quality checks"],
    ["food handler"],
    16.5,
  ],
  [
    "assembler",
    ["assembly worker", "assembly line worker", "line assembler", "production assembler"],
    ["work on an assembly line", "work the assembly line"],
    ["hand tools", "torque tools", "work instructions"],
    ["OSHA 10", "IPC-A-610"],
    18,
  ],
  [
    "machine operator",
    ["press operator", "production machine operator", "machine tender"],
    ["run a press", "run presses", "run production machines"],
    ["setup", "changeover", "gauging"],
    ["OSHA 10", "lockout tagout"],
    20,
  ],
  [
    "truck driver",
    ["CDL driver", "class A driver", "semi driver", "tractor trailer driver"],
    ["drive a semi", "drive a truck", "drive tractor trailers"],
    ["pre-trip inspection", "ELD logs", "dock backing"],
    ["CDL-A", "hazmat"],
    27,
  ],
  [
    "welder",
    ["fabrication welder", "production welder", "weld operator"],
    ["weld", "do welding"],
    ["MIG", "TIG", "blueprint reading"],
    ["AWS D1.1", "OSHA 10"],
    25,
  ],
  [
    "delivery driver",
    ["van driver", "courier", "route driver"],
    ["deliver parcels", "drive a delivery van"],
    ["route planning", "customer contact", "parcel scanning"],
    ["clean driving record", "DOT medical card"],
    18.75,
  ],
  [
    "janitor",
    ["custodian", "cleaner", "janitorial worker"],
    ["clean offices", "clean the building"],
    ["floor care", "restroom cleaning", "chemical safety"],
    ["bloodborne pathogens"],
    15.5,
  ],
  [
    "material handler",
    ["materials handler", "stock handler", "line feeder"],
    ["feed the line", "move material"],
    ["kanban", "pallet jack", "kitting"],
    ["forklift", "OSHA 10"],
    18.25,
  ],
  [
    "quality inspector",
    ["quality technician", "QC inspector", "QA inspector", "quality control inspector"],
    ["inspect parts", "inspect finished goods"],
    ["calipers", "CMM", "first article"],
    ["Six Sigma", "IPC-A-610"],
    21.5,
  ],
  [
    "shipping clerk",
    ["shipping and receiving clerk", "receiving clerk", "dock clerk"],
    ["handle shipping paperwork"],
    ["bills of lading", "carrier scheduling", "data entry"],
    ["forklift"],
    18.5,
  ],
  [
    "maintenance technician",
    ["maintenance mechanic", "industrial mechanic", "millwright"],
    ["fix production equipment", "repair machines"],
    ["PLC", "hydraulics", "preventive maintenance"],
    ["lockout tagout", "EPA 608"],
    28,
  ],
  [
    "CNC machinist",
    ["machinist", "CNC operator", "mill operator"],
    ["run a CNC mill", "run CNC machines"],
    ["G-code", "Haas controls", "blueprint reading"],
    ["NIMS"],
    26,
  ],
  [
    "electrician",
    ["industrial electrician", "journeyman electrician"],
    ["do electrical work", "wire panels"],
    ["conduit bending", "motor controls", "panel wiring"],
    ["journeyman license", "OSHA 30"],
    31,
  ],
  [
    "security guard",
    ["security officer", "guard"],
    ["guard a site", "watch the gate"],
    ["access control", "incident reports", "patrol"],
    ["guard card", "first aid"],
    17.5,
  ],
  [
    "line cook",
    ["prep cook", "kitchen cook"],
    ["cook on the line", "cook breakfast"],
    ["grill", "prep", "plating"],
    ["food handler", "ServSafe"],
    17.75,
  ],
  [
    "landscaper",
    ["groundskeeper", "grounds worker", "landscape laborer"],
    ["mow lawns", "do landscaping"],
    ["mowing", "irrigation", "planting"],
    ["pesticide applicator"],
    17,
  ],
  [
    "data entry clerk",
    ["data entry operator", "data typist"],
    ["do data entry", "enter data"],
    ["10-key", "spreadsheets", "proofreading"],
    ["typing 60 wpm"],
    17.5,
  ],
  [
    "receptionist",
    ["front desk clerk", "front desk assistant"],
    ["cover the front desk", "answer phones"],
    ["multi-line phone", "scheduling", "visitor badges"],
    ["first aid"],
    17,
  ],
  [
    "customer service representative",
    ["customer service rep", "call center agent", "call center representative", "CSR"],
    ["take customer calls"],
    ["call handling", "CRM", "de-escalation"],
    ["typing 60 wpm"],
    18,
  ],
];

export const ROLES: readonly Role[] = LINES.map(
  ([role, synonyms, phrases, skills, certifications, pay]) => ({
    role,
    synonyms,
    phrases,
    skills,
    certifications,
    pay,
  }),
);

/** "forklift operator" → "forklift operators". */
export function pluralOf(words: string): string {
  if (/(?:s|x|ch|sh)$/.test(words)) return `${words}es`;
  return /[^aeiou]y$/.test(words) ? `${words.slice(0, -1)}ies` : `${words}s`;
}

/** Professions that staffing does not place; a request for one is none of its business. */
export const FOREIGN_PROFESSIONS: readonly string[] = [
  "registered nurse",
  "nurse",
  "RN",
  "nurse practitioner",
  "dentist",
  "dental hygienist",
  "dental assistant",
  "doctor",
  "physician",
  "surgeon",
  "pharmacist",
  "physical therapist",
  "veterinarian",
  "paramedic",
  "phlebotomist",
  "software engineer",
  "software developer",
  "web developer",
  "programmer",
  "data scientist",
  "machine learning engineer",
  "devops engineer",
  "architect",
  "lawyer",
  "attorney",
  "paralegal",
  "accountant",
  "bookkeeper",
  "auditor",
  "teacher",
  "tutor",
  "professor",
  "pilot",
  "flight attendant",
  "chef de cuisine",
  "sommelier",
  "actor",
  "musician",
  "photographer",
  "graphic designer",
  "journalist",
  "translator",
  "hairdresser",
  "massage therapist",
  "real estate agent",
  "investment banker",
  "civil engineer",
  "mechanical engineer",
  "plumber",
  "crane operator",
  "drone operator",
  "train driver",
  "bus driver",
  "taxi driver",
  "racing driver",
  "bartender",
  "barista",
  "nanny",
  "babysitter",
];
