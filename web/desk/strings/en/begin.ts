/** Words of the first hour: the sample, templates, the checklist of a new project, judging oneself. */
export const begin = {
  begin: {
    sample: "Try a sample project",
    sampleHint:
      "Ten pairs of replies and the votes of four made-up raters: every page has something to show.",
    sampleMade: "This is the sample. Look around; Settings deletes it.",
    ratedHere: "You rate here",
    template: "Fill in the template",
    templateHint: "A template for this kind of task. Replace what is in [brackets] by what is yours.",
    templateTitle: "Put the template in place of the text?",
    templateText: "What stands in the field now would be gone. Published versions stay.",
    checklist: "To begin",
    progress: (done: string, all: string) => `${done} of ${all} done`,
    done: "done",
    optional: "recommended",
    hide: "Hide this list",
    steps: {
      guidelines: "Write the guidelines",
      items: "Add items",
      gold: "Add some items with a known answer",
      rate: "Judge some items yourself",
      people: "Invite raters",
      votes: "First votes",
      export: "Look at the results and save them",
    },
    hints: {
      guidelines: "Begin with the template; what is in [brackets] is yours to fill in.",
      blanks: "There are still places in [brackets] to fill in.",
      items: "A file of prompts and answers: JSONL, JSON, CSV or TSV.",
      gold: "A column gold, or Make gold on an item. 3 to 10 of every 100.",
      rate: "Twenty tell you which sentence the guidelines lack.",
      people: "One link for one person.",
      votes: "With two votes on an item, Disagreements shows what the guidelines leave open.",
      export: "Preferences for plumb reward, or every vote.",
    },
    counts: {
      items: (n: string) => (n === "1" ? "1 item" : `${n} items`),
      gold: (n: string) => `${n} gold`,
      rate: (n: string) => `${n} by you`,
      people: (joined: string, open: string) =>
        `${joined} joined, ${open === "1" ? "1 link" : `${open} links`} open`,
      votes: (n: string) => (n === "1" ? "1 vote" : `${n} votes`),
    },
    rateTitle: "Judge items yourself?",
    rateText:
      "You join as a rater, in the group staff. Your votes count like any other, under a pseudonym; People takes you out again. Gold items that you added yourself say nothing about you.",
    rateAction: "Join and judge",
    local:
      "These links work on this machine only. For others, start the server with --public-url and put HTTPS in front of it (docs/deployment.md).",
  },
};
