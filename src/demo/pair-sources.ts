/** Where the second response of a pair comes from. */
export const PAIR_SOURCES = ["sample", "hotter", "written", "elsewhere", "slip"] as const;
export type PairSource = (typeof PAIR_SOURCES)[number];
