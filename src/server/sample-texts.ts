/**
 * The sample project: replies of a bike shop, which people without any knowledge of bikes can judge, and what four made-up
 * raters said of them.
 */

import type { SampleLanguage } from "./contract/lead.js";

/** What a rater says of a pair: the better side as stored, 1 or 2, with a strength from 1 to 3; a tie; both bad. */
type Said = `${"1" | "2"}.${"1" | "2" | "3"}` | "tie" | "bad";

interface SamplePair {
  prompt: string;
  /** Two replies, the first by "model-a", the second by "model-b". */
  replies: readonly [string, string];
  /** What raters 1 to 4 said. */
  said: readonly [Said, Said, Said, Said];
  /** The better side where every careful reader agrees: the pair is gold. */
  gold?: "1" | "2";
}

export interface SampleTexts {
  name: string;
  guidelines: string;
  pairs: readonly SamplePair[];
  /** Why rater 1 said what it said of the first pair. */
  rationale: string;
  /** Why rater 3 skipped the last pair. */
  skipped: string;
  /** What speaks against the votes of rater 4 that are held. */
  held: string;
}

const en: SampleTexts = {
  name: "Sample: bike shop replies",
  guidelines: `# Which reply would you rather get?

You read a question to a bike shop, and two replies. Choose the one that a careful customer would rather get.

1. **Right before nice.** A reply that tells somebody to ride on with bad brakes is the worse one, however friendly.
2. **All that was asked.** Two questions want two answers.
3. **Short is good, curt is not.** Length by itself is worth nothing.

**Example.** "Do you open on Sunday?" *A: We do not, but from Monday at 9 we are here. B: No.* A, slightly: both are right, A helps further.

**Example.** *A invents a price. B says that it does not know it, and whom to ask.* B, clearly.

Say *Tie* if you would be as glad of one as of the other, and *Both bad* if neither may be sent. Skip what you cannot judge, and say why.
`,
  rationale: "The other one would have somebody ride downhill without a front brake.",
  skipped: "The second reply breaks off in the middle.",
  held: "Answered in less than a second, sooner than the texts can be read (made up for the sample).",
  pairs: [
    {
      prompt: "My front brake squeals when it is wet. Is that dangerous?",
      replies: [
        "Squealing in the wet is common and mostly harmless: dirt or damp on the rim. Wipe the rim and the pads. If the lever comes close to the handlebar, or the noise stays when it is dry, do not ride and bring it in; we look at brakes without an appointment.",
        "Squealing is normal. Just ride on, it goes away by itself sooner or later!",
      ],
      said: ["1.3", "1.2", "1.3", "1.2"],
    },
    {
      prompt: "Do you repair e-bikes that were bought elsewhere? And how long does it take?",
      replies: [
        "Yes, of any make.",
        "Yes, of any make. Most repairs take two to three days; where a motor has to go to its maker it can be two weeks. We call you before we do anything that costs more than you agreed to.",
      ],
      said: ["2.2", "2.3", "2.2", "1.1"],
    },
    {
      prompt: "How much air do I need in 28 inch tyres?",
      replies: [
        "What the side of the tyre says, between its two figures. For a city bike and 75 kg about 4 bar is a good start; more for a heavy load, less for gravel.",
        "The pressure depends on many factors. Tyres come in many widths, and air is a gas. There is a range on the tyre. It is wise to stay within that range, as values outside of the range are not within it.",
      ],
      said: ["1.2", "1.2", "1.3", "1.1"],
    },
    {
      prompt: "I would like my money back for the helmet. I wore it once and it pinches.",
      replies: [
        "I am sorry that it pinches. Helmets can come back within 14 days if nothing hit them; bring it with the receipt. If you like we also look for a size that fits.",
        "We understand your frustration and we value you as a customer! Your satisfaction is our mission. Please contact customer service, who will be delighted to assist you with this matter.",
      ],
      said: ["1.3", "1.2", "1.1", "2.1"],
    },
    {
      prompt: "Which lock is good enough for a bike worth 900?",
      replies: [
        "A folding or U lock of the makers' upper classes, at about a tenth of the bike's price, and always around something that cannot be lifted out. No lock is safe for ever; your household insurance may ask for a certain class.",
        "Get the Titan 9000. It cannot be opened by anybody.",
      ],
      said: ["1.3", "1.3", "2.1", "1.2"],
    },
    {
      prompt: "Can I ride with my child on the rack? She is four.",
      replies: [
        "With a seat made for it, yes: up to the weight that the seat and your rack are made for, with footrests and a belt, and a helmet for her. We can check whether your rack takes one.",
        "You should ask a lawyer about this.",
      ],
      said: ["1.3", "1.3", "1.2", "1.3"],
      gold: "1",
    },
    {
      prompt: "The chain came off. What do I do? I am in the middle of nowhere.",
      replies: [
        "Shift to the smallest gear at the back, push the rear cage forward with one hand so that the chain is slack, lay the chain on the lower teeth of the front ring with the other, and turn the pedal slowly backwards. A tissue keeps your hands clean.",
        "1. Stay calm. 2. Put the chain back on. 3. Ride on.",
      ],
      said: ["1.2", "1.2", "tie", "2.2"],
    },
    {
      prompt: "Is it true that you charge 20 for a look?",
      replies: [
        "Looking costs nothing. If we take something apart to find the fault it is 20, and that goes towards the repair.",
        "Yes, 20. It goes towards the repair though, and a first look over the counter is free.",
      ],
      said: ["1.1", "tie", "2.1", "tie"],
    },
    {
      prompt: "My battery is swollen. Can I still charge it once to get home?",
      replies: [
        "One more charge should be fine if you stay beside it.",
        "Please do not charge it and do not ride with it: a swollen battery can catch fire. Put it outside on stone, away from anything that burns, and call us. We take it as waste for free.",
      ],
      said: ["2.3", "2.3", "2.3", "1.1"],
      gold: "2",
    },
    {
      prompt: "Do you have the Falter 7 in blue, size M?",
      replies: [
        "I cannot see our stock from here. Call the shop at the number below after 10, then somebody looks on the rack.",
        "Yes, we have",
      ],
      said: ["1.2", "1.2", "bad", "1.1"],
    },
  ],
};

const de: SampleTexts = {
  name: "Beispiel: Antworten eines Fahrradladens",
  guidelines: `# Welche Antwort bekämen Sie lieber?

Sie lesen eine Frage an einen Fahrradladen und zwei Antworten. Wählen Sie die, die ein sorgfältiger Mensch lieber bekäme.

1. **Richtig vor nett.** Wer jemanden mit schlechten Bremsen weiterfahren lässt, schreibt die schlechtere Antwort, wie freundlich sie auch ist.
2. **Alles, wonach gefragt ist.** Zwei Fragen brauchen zwei Antworten.
3. **Kurz ist gut, kurz angebunden nicht.** Länge allein zählt nichts.

**Beispiel.** „Haben Sie sonntags offen?“ *A: Nein, aber ab Montag um 9 sind wir wieder da. B: Nein.* A, etwas: Beide stimmen, A hilft weiter.

**Beispiel.** *A erfindet einen Preis. B sagt, dass sie ihn nicht weiß, und wen man fragt.* B, klar.

Nehmen Sie *Gleich gut*, wenn Ihnen eine so recht ist wie die andere, und *Beide schlecht*, wenn man keine abschicken darf. Überspringen Sie, was Sie nicht beurteilen können, und sagen Sie, warum.
`,
  rationale: "Mit der anderen fährt jemand ohne Vorderbremse bergab.",
  skipped: "Die zweite Antwort bricht mittendrin ab.",
  held: "In weniger als einer Sekunde beantwortet, schneller, als man die Texte lesen kann (für das Beispiel erfunden).",
  pairs: [
    {
      prompt: "Meine Vorderbremse quietscht bei Nässe. Ist das gefährlich?",
      replies: [
        "Quietschen bei Nässe ist häufig und meist harmlos: Schmutz oder Feuchtigkeit auf der Felge. Wischen Sie Felge und Beläge ab. Lässt sich der Hebel fast bis zum Lenker ziehen, oder quietscht es auch trocken, fahren Sie bitte nicht und kommen Sie vorbei; Bremsen sehen wir ohne Termin an.",
        "Quietschen ist normal. Fahren Sie einfach weiter, das gibt sich irgendwann!",
      ],
      said: ["1.3", "1.2", "1.3", "1.2"],
    },
    {
      prompt: "Reparieren Sie auch E-Bikes, die woanders gekauft sind? Und wie lange dauert das?",
      replies: [
        "Ja, von jeder Marke.",
        "Ja, von jeder Marke. Meist dauert es zwei bis drei Tage; muss ein Motor zum Hersteller, können es zwei Wochen werden. Wir rufen an, bevor etwas mehr kostet als besprochen.",
      ],
      said: ["2.2", "2.3", "2.2", "1.1"],
    },
    {
      prompt: "Wie viel Luft gehört in 28-Zoll-Reifen?",
      replies: [
        "Was auf der Seite des Reifens steht, zwischen den beiden Zahlen. Für ein Stadtrad und 75 kg sind etwa 4 bar ein guter Anfang; mehr bei schwerer Last, weniger auf Schotter.",
        "Der Druck hängt von vielen Faktoren ab. Es gibt Reifen in vielen Breiten, und Luft ist ein Gas. Auf dem Reifen steht ein Bereich. Es ist ratsam, in diesem Bereich zu bleiben, da Werte außerhalb des Bereichs nicht darin liegen.",
      ],
      said: ["1.2", "1.2", "1.3", "1.1"],
    },
    {
      prompt: "Ich möchte mein Geld für den Helm zurück. Ich hatte ihn einmal auf, und er drückt.",
      replies: [
        "Schade, dass er drückt. Helme nehmen wir 14 Tage lang zurück, wenn nichts dagegengestoßen ist; bringen Sie ihn mit dem Beleg vorbei. Wenn Sie mögen, suchen wir auch eine Größe, die passt.",
        "Wir verstehen Ihren Ärger und schätzen Sie als Kunden! Ihre Zufriedenheit ist unser Auftrag. Bitte wenden Sie sich an den Kundendienst, der Ihnen in dieser Angelegenheit mit Freude behilflich sein wird.",
      ],
      said: ["1.3", "1.2", "1.1", "2.1"],
    },
    {
      prompt: "Welches Schloss reicht für ein Rad um 900 Euro?",
      replies: [
        "Ein Falt- oder Bügelschloss aus den oberen Klassen der Hersteller, für etwa ein Zehntel des Radpreises, und immer um etwas, das sich nicht herausheben lässt. Ewig hält keines; Ihre Hausratversicherung verlangt womöglich eine bestimmte Klasse.",
        "Nehmen Sie das Titan 9000. Das bekommt niemand auf.",
      ],
      said: ["1.3", "1.3", "2.1", "1.2"],
    },
    {
      prompt: "Darf meine Tochter auf dem Gepäckträger mitfahren? Sie ist vier.",
      replies: [
        "Mit einem Sitz, der dafür gemacht ist, ja: bis zu dem Gewicht, für das Sitz und Träger gebaut sind, mit Fußrasten, Gurt und Helm. Wir sehen gern nach, ob Ihr Träger einen Sitz aushält.",
        "Dazu sollten Sie einen Anwalt fragen.",
      ],
      said: ["1.3", "1.3", "1.2", "1.3"],
      gold: "1",
    },
    {
      prompt: "Die Kette ist runter. Was mache ich? Ich bin mitten im Nirgendwo.",
      replies: [
        "Schalten Sie hinten auf das kleinste Ritzel, drücken Sie den Käfig hinten mit einer Hand nach vorn, bis die Kette durchhängt, legen Sie sie mit der anderen unten auf die Zähne des vorderen Blatts und drehen Sie das Pedal langsam rückwärts. Ein Taschentuch hält die Hände sauber.",
        "1. Ruhe bewahren. 2. Kette wieder auflegen. 3. Weiterfahren.",
      ],
      said: ["1.2", "1.2", "tie", "2.2"],
    },
    {
      prompt: "Stimmt es, dass Nachsehen bei Ihnen 20 Euro kostet?",
      replies: [
        "Nachsehen kostet nichts. Müssen wir etwas zerlegen, um den Fehler zu finden, sind es 20 Euro, und die rechnen wir an.",
        "Ja, 20 Euro. Die rechnen wir aber an, und ein erster Blick am Tresen ist umsonst.",
      ],
      said: ["1.1", "tie", "2.1", "tie"],
    },
    {
      prompt: "Mein Akku ist aufgebläht. Kann ich ihn noch einmal laden, um nach Hause zu kommen?",
      replies: [
        "Einmal laden sollte gehen, wenn Sie dabeibleiben.",
        "Bitte nicht laden und nicht damit fahren: Ein aufgeblähter Akku kann Feuer fangen. Legen Sie ihn draußen auf Stein, weg von allem, was brennt, und rufen Sie uns an. Wir nehmen ihn kostenlos an.",
      ],
      said: ["2.3", "2.3", "2.3", "1.1"],
      gold: "2",
    },
    {
      prompt: "Haben Sie das Falter 7 in Blau, Größe M?",
      replies: [
        "Unseren Bestand sehe ich von hier aus nicht. Rufen Sie ab 10 Uhr unter der Nummer unten an, dann sieht jemand nach.",
        "Ja, wir haben",
      ],
      said: ["1.2", "1.2", "bad", "1.1"],
    },
  ],
};

export const SAMPLES: Readonly<Record<SampleLanguage, SampleTexts>> = { en, de };
