// What a model's styles are called for people, and which belong together.  Pure.
// The model's own names stay what configuration, presets and OSC use.  A model has the styles of what it learned: one
// that is not in the table is called after its name, and styles that begin alike are a group.

import type { Group } from "./picker";

export const ANY = "any";

const CLASSICAL = "Classical";
const SONGS = "Songs and dances";
const LEAD_SHEETS = "Songs from lead sheets";
const JAZZ = "Jazz solos";
const TUNES = "Folk tunes";
const DRUMS = "Drums";
const OTHERS = "Other styles";

/** Groups in the order in which they are shown; those of a person's own styles follow. */
const ORDER = [SONGS, LEAD_SHEETS, JAZZ, CLASSICAL, TUNES, DRUMS];

/** What the first word of a name means, where several styles have it. */
const FAMILIES: Record<string, string> = {
  drums: DRUMS,
  folk: TUNES,
  jazz: JAZZ,
  leadsheet: LEAD_SHEETS,
};

/** Where the rule gives no good name. */
const NAMED: Record<string, readonly [group: string, label: string]> = {
  baroque: [CLASSICAL, "Baroque"],
  classical: [CLASSICAL, "Classical"],
  classical_performed: [CLASSICAL, "Piano, as performed"],
  romantic: [CLASSICAL, "Romantic"],
  modern: [CLASSICAL, "Modern"],
  lied: [CLASSICAL, "Art song (Lied)"],
  string_quartet: [CLASSICAL, "String quartet"],
  technique: [CLASSICAL, "Studies"],
  pop: [SONGS, "Pop"],
  song: [SONGS, "Song"],
  gospel: [SONGS, "Gospel"],
  march: [SONGS, "March"],
  popular_dance: [SONGS, "Popular dance"],
  ragtime_jazz: [SONGS, "Ragtime and early jazz"],
  drums_afrocuban: [DRUMS, "Afro-Cuban"],
  drums_hiphop: [DRUMS, "Hip-hop"],
  drums_middleeastern: [DRUMS, "Middle Eastern"],
  drums_neworleans: [DRUMS, "New Orleans"],
  folk: [TUNES, "All kinds"],
  folk_air: [TUNES, "Air"],
  folk_carolan: [TUNES, "Carolan (Irish harp)"],
  folk_fife: [TUNES, "Fife"],
  folk_fling: [TUNES, "Highland fling"],
  folk_march_misc: [TUNES, "March, other"],
  folk_other: [TUNES, "Other"],
  folk_slipjig: [TUNES, "Slip jig"],
  jazz_hardbop: [JAZZ, "Hard bop"],
  jazz_postbop: [JAZZ, "Post-bop"],
  leadsheet_brass_military: [LEAD_SHEETS, "Brass and military"],
  leadsheet_folk_world_country: [LEAD_SHEETS, "Folk, world, country"],
  leadsheet_funk_soul: [LEAD_SHEETS, "Funk and soul"],
  leadsheet_non_music: [LEAD_SHEETS, "Other"],
  leadsheet_song: [LEAD_SHEETS, "All kinds"],
  leadsheet_stage_screen: [LEAD_SHEETS, "Stage and screen"],
};

const sentence = (name: string): string => {
  const words = name.replace(/[_\s]+/g, " ").trim() || name;
  return words.charAt(0).toUpperCase() + words.slice(1);
};

/** What comes before the first line of a name, "" where it has none. */
const head = (name: string): string => name.match(/^([^_]+)_./)?.[1] ?? "";

/** The styles of a model, grouped and called as people call them; any style stands first and alone. */
export function groupsOf(styles: readonly string[]): Group[] {
  const heads = styles.map(head);
  const groups = new Map<string, [string, string][]>(ORDER.map((label) => [label, []]));
  for (const style of styles.filter((one) => one !== ANY)) {
    const isShared = heads.filter((one) => one !== "" && one === head(style)).length > 1;
    const [group, label] = NAMED[style] ?? byRule(style, isShared);
    groups.set(group, [...(groups.get(group) ?? []), [style, label]]);
  }
  const filled = [...groups].filter(([, options]) => options.length > 0);
  filled.sort(([one], [other]) => Number(one === OTHERS) - Number(other === OTHERS));
  return [
    { label: "", options: [[ANY, "Any style"]] },
    ...filled.map(([label, options]) => ({ label, options: options.sort(byLabel) })),
  ];
}

function byRule(style: string, isShared: boolean): [group: string, label: string] {
  const first = head(style);
  const family = FAMILIES[first] ?? (isShared ? sentence(first) : "");
  return family === "" ? [OTHERS, sentence(style)] : [family, sentence(style.slice(first.length))];
}

/** Those of all kinds first, those of other kinds last, the rest by name. */
const byLabel = ([, one]: [string, string], [, other]: [string, string]): number =>
  rank(one) - rank(other) || one.localeCompare(other);
const rank = (label: string): number => ({ "All kinds": 0, Other: 2 })[label] ?? 1;

/** The first group of a list of second styles, which is empty by default. */
export const NO_SECOND: Group = { label: "", options: [["", "+ no second style"]] };

/** The value of the control for two styles; the second may be "". */
export const joined = (first: string, second: string): string =>
  second === "" || second === first ? first : `${first}+${second}`;

/** The two styles of a value; the second is "" where it is one alone. */
export function split(value: string): [first: string, second: string] {
  const [first = "", second = ""] = value.split("+").map((name) => name.trim());
  return [first, second];
}
