// Names of made-up people, the common ones first: duplicates of whole names come about by skew.

export const FIRST_NAMES: readonly string[] = (
  "James Maria Robert Jennifer Michael Linda David Ana William Patricia Jose Susan Carlos " +
  "Jessica Thomas Sarah Luis Karen Daniel Nancy Juan Lisa Matthew Betty Anthony Sandra Marcus Ashley " +
  "Andre Kimberly Steven Emily Paul Donna Kevin Michelle Brian Carol Jamal Amanda Ronald Dorothy " +
  "Timothy Melissa Jason Deborah Miguel Stephanie Ryan Rebecca Jacob Laura Gary Helen Nicholas " +
  "Sharon Eric Cynthia Tyrone Kathleen Omar Amy Stephen Angela Larry Shirley Justin Anna Scott " +
  "Brenda Brandon Pamela Benjamin Emma Samuel Nicole Gregory Rosa Frank Lucia Raymond Fatima " +
  "Patrick Keisha Dmitri Mei Hassan Priya Kofi Ingrid Tomas Aaliyah Wei Olga Ahmed Noor"
).split(" ");

export const LAST_NAMES: readonly string[] = (
  "Smith Johnson Williams Brown Garcia Jones Miller Davis Rodriguez Martinez Hernandez Lopez " +
  "Wilson Anderson Thomas Taylor Moore Jackson Martin Lee Perez Thompson White Harris Sanchez " +
  "Clark Ramirez Lewis Robinson Walker Young Allen King Wright Scott Torres Nguyen Hill Flores " +
  "Green Adams Nelson Baker Hall Rivera Campbell Mitchell Carter Roberts Gomez Phillips Evans " +
  "Turner Diaz Parker Cruz Edwards Collins Reyes Stewart Morris Morales Murphy Cook Rogers " +
  "Gutierrez Ortiz Morgan Cooper Peterson Bailey Reed Kelly Howard Ramos Kim Cox Ward Richardson " +
  "Watson Brooks Chavez Wood James Bennett Gray Mendoza Ruiz Hughes Price Alvarez Castillo " +
  "Sanders Patel Myers Long Ross Foster Jimenez Kowalski Novak Okafor Haddad Ivanov O'Brien " +
  "Schmidt Larsen Mbeki Tanaka Osei"
).split(" ");

/** Names that no made-up person has, and many people do. */
export const MORE_FIRST_NAMES: readonly string[] = (
  "John Mary Elizabeth Barbara Joseph Charles Christopher Margaret George Kenneth Edward Jeffrey " +
  "Donald Ruth Alice Ann Anne Jack Joe Mike Bob Tom Jim Chris Alex Sam Ben Dan Dave Steve Tony Nick " +
  "Kate Katherine Julie Jane Jean Martha Diana Heather Megan Rachel Hannah Adam Aaron Nathan Henry " +
  "Peter Kyle Zachary Walter Harold Carl Arthur Roger Jorge Pedro Mohammed Ali Mario Sofia Sean " +
  "Terry Jerry Dennis Douglas Philip Louis Ralph Eugene Russell Bruce Billy Ethan Liam Olivia " +
  "Sophia Isabella Ava Mia Victoria Samantha Christina Catherine Kelly Janet Judy Theresa Teresa " +
  "Gloria Evelyn Marie Abigail Carolyn Diane Joyce Frances"
).split(" ");
