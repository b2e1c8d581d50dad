/** Words of the first hour: the sample, templates, the checklist of a new project, judging oneself. */
import type { DeskStrings } from "../en.js";

export const begin: Pick<DeskStrings, "begin"> = {
  begin: {
    sample: "Ein Beispielprojekt ansehen",
    sampleHint:
      "Zehn Paare von Antworten und die Urteile von vier erfundenen Leuten: Jede Seite hat etwas zu zeigen.",
    sampleMade: "Das ist das Beispiel. Sehen Sie sich um; löschen lässt es sich unter Einstellungen.",
    ratedHere: "Hier urteilen Sie selbst",
    template: "Vorlage einsetzen",
    templateHint:
      "Eine Vorlage für diese Art von Aufgabe. Ersetzen Sie, was in [Klammern] steht, durch Ihr Eigenes.",
    templateTitle: "Die Vorlage anstelle des Textes einsetzen?",
    templateText: "Was jetzt im Feld steht, wäre weg. Veröffentlichte Fassungen bleiben.",
    checklist: "Zum Anfangen",
    progress: (done: string, all: string) => `${done} von ${all} erledigt`,
    done: "erledigt",
    optional: "empfohlen",
    hide: "Liste ausblenden",
    steps: {
      guidelines: "Richtlinien schreiben",
      items: "Aufgaben hinzufügen",
      gold: "Einige Aufgaben mit bekannter Antwort",
      rate: "Selbst einige beurteilen",
      people: "Leute einladen",
      votes: "Erste Urteile",
      export: "Ergebnisse ansehen und speichern",
    },
    hints: {
      guidelines: "Beginnen Sie mit der Vorlage; was in [Klammern] steht, füllen Sie aus.",
      blanks: "In [Klammern] steht noch etwas zum Ausfüllen.",
      items: "Eine Datei mit Anfragen und Antworten: JSONL, JSON, CSV oder TSV.",
      gold: "Eine Spalte gold, oder Zu Gold machen bei einer Aufgabe. 3 bis 10 von je 100.",
      rate: "Zwanzig zeigen Ihnen, welcher Satz in den Richtlinien fehlt.",
      people: "Ein Link für eine Person.",
      votes: "Ab zwei Urteilen je Aufgabe zeigt Uneinigkeit, was die Richtlinien offen lassen.",
      export: "Präferenzen für plumb reward, oder jedes Urteil.",
    },
    counts: {
      items: (n: string) => (n === "1" ? "1 Aufgabe" : `${n} Aufgaben`),
      gold: (n: string) => `${n} Gold`,
      rate: (n: string) => `${n} von Ihnen`,
      people: (joined: string, open: string) =>
        `${joined} dabei, ${open === "1" ? "1 Link" : `${open} Links`} offen`,
      votes: (n: string) => (n === "1" ? "1 Urteil" : `${n} Urteile`),
    },
    rateTitle: "Selbst urteilen?",
    rateText:
      "Sie urteilen mit, in der Gruppe staff. Ihre Urteile zählen wie alle anderen, unter einem Pseudonym; unter Leute nehmen Sie sich wieder heraus. Goldaufgaben, die Sie selbst hinzugefügt haben, sagen nichts über Sie.",
    rateAction: "Mitmachen und urteilen",
    local:
      "Diese Links gehen nur auf diesem Rechner. Für andere starten Sie den Server mit --public-url und setzen HTTPS davor (docs/deployment.md).",
  },
};
