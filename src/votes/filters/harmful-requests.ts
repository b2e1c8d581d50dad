/**
 * Recognises requests for harm by their words: a verb, and within a few words an object, by Llama Guard's categories.
 * It is a baseline for finding votes worth a second look, not a classifier. It knows only English and the plain wording
 * in its lists: it misses requests in other words or languages, and may take a story or a question about safety for a
 * request. The words are chosen so that harmless uses of alarming verbs (kill a process, shoot a photo; Röttger et al.
 * 2023, "XSTest") do not match.
 */
import { RE2JS } from "re2js";
import type { SafetyCategory } from "../tasks/index.js";

/** Most characters of a prompt that are read, counted from its end, where the request usually is. */
const LOOKED_AT = 20_000;

const PERSON =
  "(?:(?:my|your|his|her|their|our|a|an|the|some|another|this|that) (?:\\w+ ){0,1})?(?:somebody|someone|people|person|man|woman|men|women|child|children|kids?|baby|boy|girl|student|teacher|boss|coworkers?|colleagues?|neighbou?rs?|wife|husband|spouse|partner|ex|girlfriend|boyfriend|mother|father|mom|mum|dad|parents?|brother|sister|aunt|uncle|cousin|friend|roommate|landlord|classmates?|president|politician|judge|policeman|policewoman|cop|police officer|stranger|him|her|them|grand(?:ma|pa|mother|father)|nurse|doctor|baker|farmer|driver|clerk|guard|mayor|singer|king|queen)\\b";
const BUILDING =
  "(?:(?:the|a|an|my|his|her|their|this|that|some|someone's|somebody's|\\w+'s) )?(?:\\w+ )?(?:house|home|shop|store|bank|school|barn|church|mosque|synagogue|temple|building|office|apartment|flat|car|garage|hotel|hospital|library|museum|station|airport|bridge|train|plane|bus|castle|mill|farm|bakery|mall|embassy|courthouse|warehouse|factory|market|inn|tower|hall|theat(?:re|er)|hut|cabin|tent|shed|stadium|crowd|parade)\\b";
const GAP = "(?:\\W+\\w+){0,4}\\W+";
const MAKE =
  "(?:make|build|construct|assemble|create|produce|cook|synthesi[sz]e|manufacture|prepare|mix|brew|plant)";

/** Patterns of each category, for lower-case text. */
const REQUESTS: readonly [SafetyCategory, string][] = [
  [
    "S1",
    `\\b(?:kill|killing|murder|assassinate|execute|slay|butcher|strangle|stab|poison|torture|kidnap|abduct|behead|drown|suffocate|throttle|beat up|punch|hurt|injure|harm|attack|shoot|choke|exterminate|slap|kick|hit|shove|bully|tie up|lock up|maim|wound|mug|ambush|assault|batter|abuse|knife|stalk|threaten|torment|starve|drug|bite|bruise|strike|pinch|harass|insult|humiliate|slander|pester) (?:and \\w+ )?${PERSON}`,
  ],
  [
    "S1",
    `\\b(?:shoot (?:at|up)|burn down|blow up|(?:to|and|do i|should i|can i|me) bomb|set fire to|torch|firebomb|smash up|wreck|vandali[sz]e|trash|storm|damage|destroy|flood|demolish|sabotage|invade|bash in|ignite|ravage|deface|tear down|ruin|blast|besiege|seize|hijack|shatter|scorch|flatten|crush|breach) ${BUILDING}`,
  ],
  [
    "S1",
    "\\b(?:commit|get away with|plan|carry out)" +
      `${GAP}(?:murder|massacre|terror(?:ist)? attack|bombing|mass shooting|school shooting|kidnapping|assault|rape|genocide|arson)\\b`,
  ],
  [
    "S2",
    `\\b(?:break(?:ing)? in ?to|sneak into|rob|raid|burgle|burglari[sz]e|steal from|shoplift from|loot|ransack|plunder|pillage|hot-?wire) ${BUILDING}`,
  ],
  [
    "S2",
    `\\b(?:steal|embezzle)(?:ing)? (?:money|cash|jewel\\w+|credit cards?|packages|mail|a car|the car|a bike) from\\b`,
  ],
  [
    "S2",
    "\\b(?:launder money|money laundering scheme|pick (?:a |the )?lock on (?:someone|my neighbou?r)|evade (?:my )?tax(?:es)?|forge|counterfeit)" +
      `(?:${GAP}(?:signature|passport|money|bills|banknotes|documents?|prescription|id))?\\b`,
  ],
  [
    "S2",
    `\\b(?:steal|clone|skim|buy stolen)${GAP}(?:credit cards?|identity|identities|bank details|social security numbers?)\\b`,
  ],
  [
    "S2",
    `\\b${MAKE}${GAP}(?:meth|methamphetamine|heroin|fentanyl|cocaine|crack cocaine|mdma|fake ids?|lsd)\\b`,
  ],
  ["S2", `\\b(?:blackmail|extort|scam|defraud|swindle|con) ${PERSON}`],
  [
    "S2",
    "\\b(?:phishing (?:e-?mail|page|site)|ponzi scheme|pyramid scheme|romance scam)" +
      `${GAP}(?:steal|trick|fool|get|take|victims?|passwords?)\\b`,
  ],
  ["S2", `\\bcommit${GAP}(?:robbery|fraud|burglary|theft|tax evasion|identity theft)\\b`],
  [
    "S2",
    `\\b(?:buy|get|sell|score|find)${GAP}(?:coke|cocaine|heroin|meth|ecstasy|mdma|crack|lsd|illegal drugs|stolen goods)\\b`,
  ],
  [
    "S2",
    "\\b(?:steal|stealing) (?:a|an|someone's|somebody's|my \\w+'s|his|her|their) (?:car|bike|wallet|purse|phone|credit card|package|laptop|identity|passport)\\b",
  ],
  ["S3", `\\b(?:rape|molest|grope|drug|roofie) ${PERSON}`],
  ["S3", `\\b(?:traffic|pimp(?: out)?) (?:women|girls|${PERSON})`],
  ["S4", "\\b(?:child porn\\w*|csam|sexual(?:i[sz]ed)? (?:\\w+ ){0,3}(?:minors?|child(?:ren)?))\\b"],
  ["S7", `\\b(?:stalk|dox+|spy on|track|secretly (?:follow|record|film)) ${PERSON}`],
  [
    "S7",
    `\\b(?:find|get|tell me|what is)${GAP}(?:home address|social security number|medical records)${GAP}${PERSON}`,
  ],
  [
    "S9",
    `\\b(?:${MAKE}|detonate|set off|acquire|smuggle)${GAP}(?:pipe bombs?|bombs?|explosives?|ieds?|grenades?|napalm|molotov\\w*|nerve agents?|sarin|anthrax|ricin|chlorine gas|mustard gas|dirty bombs?|bioweapons?|chemical weapons?|nuclear weapons?|ghost guns?)\\b`,
  ],
  [
    "S10",
    `\\b(?:write|make|give|tell|create)${GAP}(?:racist|antisemitic|anti-semitic|homophobic|islamophobic|sexist) (?:jokes?|speech|rants?|slurs?|poems?|posts?|essays?|propaganda)\\b`,
  ],
  ["S11", "\\b(?:kill|hang|hurt|cut|harm) myself\\b"],
  [
    "S11",
    "\\b(?:commit suicide|end my (?:own )?life|(?:painless|best|easiest|quickest) (?:way to die|suicide method)|starve myself|hide my (?:anorexia|bulimia|cutting))\\b",
  ],
  ["S13", `\\b(?:rig|steal|manipulate|tamper with)${GAP}(?:elections?|votes|ballots?|voting machines?)\\b`],
  [
    "S14",
    `\\b(?:write|create|code|develop|build|make|spread|deploy|install)${GAP}(?:ransomware|keyloggers?|malware|computer virus(?:es)?|spyware|botnets?|trojans?|rootkits?|worm that)\\b`,
  ],
  ["S14", `\\b(?:hack(?:ing)?|break) (?:in ?to )?${PERSON}'?s? \\w+`],
  [
    "S14",
    `\\b(?:hack(?:ing)?) (?:in ?to )${GAP}(?:account|accounts|e-?mail|phone|wi-?fi|webcam|server|database|network|computer|bank|facebook|instagram|gmail)\\b`,
  ],
  ["S14", `\\b(?:launch|run|do|start)${GAP}ddos\\b`],
];

const COMPILED = REQUESTS.map(([category, source]) => ({ category, pattern: RE2JS.compile(source) }));

/** The categories that a request falls under by its words; empty for most requests. Time is linear in the text. */
export function harmfulRequest(prompt: string): SafetyCategory[] {
  const text = prompt.slice(-LOOKED_AT).toLowerCase().replaceAll("’", "'");
  const found = COMPILED.filter(({ pattern }) => pattern.matcher(text).find());
  return [...new Set(found.map(({ category }) => category))];
}
