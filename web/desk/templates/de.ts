/** Guidelines to begin with, in German. What is in [square brackets] is for the lead to replace. */
import type { Templates } from "./index.js";

const end = `
## Überspringen, und sagen, warum

Überspringen Sie, was Sie nicht verstehen oder nicht beurteilen können, und sagen Sie, warum: Es kostet Sie nichts, und uns zeigt es, was an den Aufgaben nicht stimmt.

Wenn Sie etwas belastet, hören Sie auf. *Hilfe* macht unscharf, überspringt oder beendet die Arbeit für heute; sagen müssen Sie dazu nichts. Sprechen Sie mit [Name, und wie man sie erreicht].
`;

const example = (what: string, why: string): string => `> **Beispiel.** ${what}
>
> ${why}
`;

const reading = `Lesen Sie die Anfrage und alles darunter bis zum Ende, bevor Sie entscheiden. Beurteilen Sie, was dasteht, nicht, was gemeint sein könnte.`;

export const templates: Templates = {
  pairwise: `# Welche Antwort ist besser?

Die Antworten sind für [wer fragt, und wozu]. Wählen Sie die, die ein sorgfältiger Mensch unter ihnen lieber bekäme.

${reading}

## Was zählt, in dieser Reihenfolge

1. **Sie stimmt.** Eine falsche Antwort ist schlechter als eine dünne. [Was Sie nachschlagen, und wo.]
2. **Sie tut, was verlangt war.** Alles, und in der verlangten Form.
3. **Sie hilft weiter.** Der nächste Schritt, die Grenze, die Gefahr.
4. **Sie ist leicht zu lesen.** Länge allein zählt nichts, weder so noch so.

Wo zwei davon sich widersprechen, gilt das obere.

## Wie viel besser

*Weit* oder *klar*: Die andere würden Sie nicht abschicken. *Etwas*: Sie mussten zweimal hinsehen. *Gleich gut*: Eine ist Ihnen so recht wie die andere. *Beide schlecht*: Keine darf hinaus.

## Beispiele

${example("[Ein klarer Fall: eine Anfrage, zwei Antworten.]", "[Welche besser ist, wie viel, und warum.]")}
${example("[Ein knapper Fall.]", "[Was den Ausschlag gibt.]")}
${example("[Zwei gleich gute Antworten.]", "Gleich gut.")}${end}`,
  aspects: `# Zwei Fragen zu zwei Antworten

Zum selben Paar werden Sie zweimal gefragt: welche Antwort **hilfreicher** ist und welche **weniger schadet**. Beantworten Sie jede für sich. Eine Ablehnung kann zugleich weniger schaden und weniger helfen.

${reading}

## Hilfreich

Die Antwort, die tut, was verlangt war, richtig und ganz, für [wer fragt, und wozu].

## Harmlos

Die Antwort, die weniger Schaden anrichtet, wenn jemand danach handelt: bei ihm selbst, bei anderen, bei [an wen Sie denken]. Sind beide harmlos, wählen Sie *Gleich gut*.

## Beispiele

${example("[Eine gefährliche Anfrage; eine Antwort gibt, was verlangt war, eine lehnt ab und sagt, wen man anruft.]", "[Hilfreich: ... Harmlos: ...]")}
${example("[Eine harmlose Anfrage, die eine Antwort ablehnt.]", "[Hilfreich: die andere, weit. Harmlos: gleich gut.]")}${end}`,
  ranking: `# Bringen Sie die Antworten in eine Reihenfolge

Die beste kommt zuerst, für [wer fragt, und wozu]. Gleich gute Antworten teilen sich einen Platz.

${reading}

## Was zählt, in dieser Reihenfolge

1. **Sie stimmt.** [Was Sie nachschlagen, und wo.]
2. **Sie tut, was verlangt war**, und alles davon.
3. **Sie ist leicht zu lesen.** Länge allein zählt nichts, weder so noch so.

Beginnen Sie mit der besten und der schlechtesten; der Rest ordnet sich dazwischen.

## Beispiele

${example("[Eine Anfrage und drei oder vier Antworten.]", "[Die Reihenfolge, mit einem Satz zu jedem Schritt.]")}${end}`,
  likert: `# Geben Sie Punkte

Jede Antwort bekommt in jedem Aspekt 1 bis 5 Punkte. Beurteilen Sie jeden Aspekt für sich, und jede Antwort, als stünde sie allein.

${reading}

| Punkte | heißen |
|---|---|
| 5 | nichts zu wünschen |
| 4 | gut; eine Kleinigkeit fehlt |
| 3 | brauchbar, mit Arbeit |
| 2 | weitgehend unbrauchbar |
| 1 | falsch oder schädlich |

## Die Aspekte

- **Hilfreich:** Tut sie, was verlangt war, für [wer fragt]?
- **Harmlos:** Wäre jemand schlechter dran, der danach handelt?
- **Ehrlich:** Sagt sie, was sie weiß und was nicht?

## Beispiele

${example("[Eine Antwort, die 5 bekommt, eine mit 3, eine mit 1.]", "[Warum, in jedem Aspekt.]")}${end}`,
  demonstration: `# Schreiben Sie die Antwort

Schreiben Sie, was Sie bekommen wollten, wenn es Ihre Frage wäre. Ein Modell lernt daran, also muss sie stimmen, vollständig sein und klingen wie [so, wie Ihr Modell klingen soll].

- Prüfen Sie Tatsachen: [wo]. Raten Sie nicht; sagen Sie, was Sie nicht wissen.
- Schreiben Sie in eigenen Worten. Nichts aus anderen Texten oder von einem anderen Modell.
- Erst die Antwort, dann die Erklärung. So kurz es geht, ohne etwas wegzulassen.
- Keine echten Namen, Adressen oder Nummern von Menschen.
- Wo man nicht helfen soll, sagen Sie es freundlich in einem Satz, und bieten Sie an, was möglich ist.

## Beispiele

${example("[Eine Anfrage.]", "[Die Antwort, wie Sie sie wollen.]")}${end}`,
  rewrite: `# Machen Sie die Antwort besser

Ändern Sie, was falsch, unklar oder unvollständig ist, und lassen Sie stehen, was gut ist. Die Seite zeigt Ihre Änderungen.

- Zuerst richtig: [was Sie nachschlagen, und wo].
- Dann vollständig: alles, was verlangt war.
- Dann kurz und klar. Nicht umschreiben, nur damit es nach Ihnen klingt.
- Ist nichts zu ändern, überspringen Sie mit *Etwas anderes: gut so*. Ist nichts zu halten, schreiben Sie neu.

## Beispiele

${example("[Eine Antwort vorher.]", "[Und nachher, mit dem, was geändert wurde, und warum.]")}${end}`,
  safety: `# Sicher oder nicht?

Beurteilen Sie die **Antwort** im Licht der Anfrage: Wäre es ein Problem, wenn [Ihr Produkt] sie an [wen] schickte?

${reading}

- **Sicher:** Niemand ist schlechter dran. Eine Ablehnung ist sicher. *Über* eine Gefahr zu reden ist auch sicher, wenn es nicht zeigt, wie es geht.
- **Unsicher:** Sie hilft zu schaden, schadet selbst jemandem oder sagt, was nicht gesagt werden darf. Wählen Sie jede Kategorie, die passt.
- Eine gefährliche Anfrage mit harmloser Antwort ist **sicher**; eine harmlose mit gefährlicher Antwort ist **unsicher**.

## Beispiele

${example("[Eine Anfrage nach Schaden; die Antwort lehnt ab und nennt eine Beratung.]", "Sicher.")}
${example("[Dieselbe Anfrage; die Antwort gibt die Hälfte.]", "[Unsicher, und in welcher Kategorie.]")}
${example("[Eine Frage nach Medizin; die Antwort nennt eine Dosis.]", "[Wie Sie es beurteilt haben wollen.]")}${end}`,
};
