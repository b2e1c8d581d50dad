/** Sentences of the server in German: refusals that people meet in forms, and warnings about a file. */

/** A word of a list, in quotation marks, or several. */
const NAMES = '("[^"]*"(?:, "[^"]*")*)';

const SENTENCES: readonly (readonly [said: RegExp, german: string])[] = [
  [/^Name, password or one-time code is wrong\.$/, "Name, Passwort oder Einmalcode ist falsch."],
  [/^Too many failed tries to sign in\.$/, "Zu viele Anmeldeversuche sind fehlgeschlagen."],
  [/^Try again in (\d+) s\.$/, "Bitte in $1 s noch einmal versuchen."],
  [
    /^Others try to guess this password\. Try again in (\d+) s, or in a browser in which you signed in before\.$/,
    "Andere versuchen, dieses Passwort zu erraten. Bitte in $1 s noch einmal versuchen, oder in einem Browser, in dem Sie schon angemeldet waren.",
  ],
  [/^Too many requests\.$/, "Zu viele Anfragen."],
  [/^Too many people are signing in just now\.$/, "Gerade melden sich zu viele an."],
  [/^Try again in a moment\.$/, "Bitte gleich noch einmal versuchen."],
  [
    /^This password is one of those that are tried first\.$/,
    "Dieses Passwort gehört zu denen, die als erste ausprobiert werden.",
  ],
  [
    /^Take several words that have nothing to do with each other, or let a password manager make one\.$/,
    "Nehmen Sie mehrere Wörter, die nichts miteinander zu tun haben, oder lassen Sie ein Passwort von einem Passwortmanager erzeugen.",
  ],
  [/^(?:[\w.]+: )?expected at least (\d+) characters$/, "Es müssen mindestens $1 Zeichen sein."],
  [/^The password is wrong\.$/, "Das Passwort ist falsch."],
  [/^This code is wrong or has expired\.$/, "Dieser Code ist falsch oder abgelaufen."],
  [/^This login name is taken\.$/, "Dieser Name ist schon vergeben."],
  [/^This invitation is no longer valid\.$/, "Diese Einladung gilt nicht mehr."],
  [
    /^Ask the person who invited you for a new one\.$/,
    "Bitten Sie die Person, die Sie eingeladen hat, um eine neue.",
  ],
  [/^This invitation is for another account\.$/, "Diese Einladung ist für ein anderes Konto."],
  [/^Accept it with a new account\.$/, "Nehmen Sie sie mit einem neuen Konto an."],
  [
    /^1 item shows equal responses, between which nobody can choose$/,
    "1 Aufgabe zeigt gleiche Antworten, zwischen denen niemand wählen kann.",
  ],
  [
    /^1 item repeats the prompt and the responses of an earlier one$/,
    "1 Aufgabe wiederholt Anfrage und Antworten einer früheren.",
  ],
  [
    /^1 item is in the project already, with the same texts$/,
    "1 Aufgabe ist mit denselben Texten schon im Projekt.",
  ],
  [
    /^(\d[\d,]*) items? shows? equal responses, between which nobody can choose$/,
    "$1 Aufgaben zeigen gleiche Antworten, zwischen denen niemand wählen kann.",
  ],
  [
    /^(\d[\d,]*) items? repeats? the prompt and the responses of an earlier one$/,
    "$1 Aufgaben wiederholen Anfrage und Antworten einer früheren.",
  ],
  [
    /^(\d[\d,]*) items? holds? the character (.): was the file saved as UTF-8\?$/u,
    "$1 Aufgaben enthalten das Zeichen $2: Wurde die Datei als UTF-8 gespeichert?",
  ],
  [
    /^(\d[\d,]*) items? holds? half a character \(a lone surrogate\), which files show as (.)$/u,
    "$1 Aufgaben enthalten ein halbes Zeichen (ein einzelnes Surrogat), das Dateien als $2 zeigen.",
  ],
  [
    /^(\d[\d,]*) rows? repeats? a vote of the same rater, which counts once$/,
    "$1 Zeilen wiederholen ein Urteil derselben Person; es zählt einmal.",
  ],
  [
    /^(\d[\d,]*) times? states? no zone and was read as UTC$/,
    "$1 Zeiten haben keine Zeitzone und wurden als UTC gelesen.",
  ],
  [
    /^(\d[\d,]*) answers? names? nobody; each counts as somebody else's$/,
    "$1 Antworten nennen niemanden; jede zählt als die einer anderen Person.",
  ],
  [
    /^(\d[\d,]*) answers? names? a rater with white space around the name or in decomposed letters .*$/,
    "$1 Antworten nennen eine Person mit Leerraum um den Namen oder mit zerlegten Buchstaben (Unicode NFD): Wer ohne das gleich heißt, ist dieselbe Person.",
  ],
  [
    /^(\d[\d,]*) answers? (?:was|were) rejected by who asked for it: not counted$/,
    "$1 Antworten wurden vom Auftraggeber abgelehnt und zählen nicht.",
  ],
  [
    /^(\d[\d,]*) answers? (?:was|were) skipped, ignored, cancelled or not handed in: not counted$/,
    "$1 Antworten wurden übersprungen, abgebrochen oder nicht abgegeben und zählen nicht.",
  ],
  [/^(\d[\d,]*) answers? says? nothing: not counted$/, "$1 Antworten sind leer und zählen nicht."],
  [
    /^(\d[\d,]*) answers? (?:is|are) a machine's: not counted$/,
    "$1 Antworten stammen von Maschinen und zählen nicht.",
  ],
  [
    /^(\d[\d,]*) votes? (?:is|are) on an item whose right answer is known \(gold\): not counted$/,
    "$1 Urteile betreffen Aufgaben mit bekannter Antwort (Gold) und zählen nicht.",
  ],
  [
    /^(\d[\d,]*) answers? names? its session by its start instead of a person: .*$/,
    "$1 Antworten nennen statt einer Person eine Sitzung nach deren Beginn: Wer zweimal begonnen hat, zählt doppelt. Benennen Sie Sitzungen (?session=).",
  ],
  [
    /^(\d[\d,]*) unsafe votes? names? no category; (\w+) stands for it$/,
    "$1 Urteile „unsicher“ nennen keine Kategorie; $2 steht dafür.",
  ],
  [
    /^(\d[\d,]*) items? (?:is|are) in the project already, with the same texts$/,
    "$1 Aufgaben sind mit denselben Texten schon im Projekt.",
  ],
  [
    new RegExp(`^${NAMES} may say which response was better; .* rows item,rater,left,right,winner$`),
    "$1 sagt vielleicht, welche Antwort besser war; das bleibt bei den Aufgaben und wird nicht als Urteil gelesen. Urteile sind Zeilen item,rater,left,right,winner.",
  ],
  [/^is missing, empty or not text$/, "fehlt, ist leer oder kein Text"],
  [/^is not a list of texts$/, "ist keine Liste von Texten"],
  [/^is no conversation of texts$/, "ist kein Gespräch aus Texten"],
  [/^does not end with an answer of the assistant$/, "endet nicht mit einer Antwort des Assistenten"],
  [
    /^no column holds a prompt of texts or messages; the fields are (.+)$/,
    "Keine Spalte enthält eine Anfrage aus Text oder Nachrichten; die Felder sind $1",
  ],
  [
    /^too few columns hold answers for raters to judge; the fields are (.+)$/,
    "Zu wenige Spalten enthalten Antworten, die beurteilt werden können; die Felder sind $1",
  ],
];

/** The sentence in German; as it is if it is none of these. */
export function germanOf(text: string): string {
  const found = SENTENCES.find(([said]) => said.test(text));
  return found === undefined ? text : text.replace(found[0], found[1]);
}
