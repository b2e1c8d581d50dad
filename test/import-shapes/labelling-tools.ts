/** Exports of labelling tools, and the files that people load into them, in their documented fields. */
import { assistant, lines, type Shape, user } from "./shape.js";

const DATA = { prompt: "Which?", response_a: "X", response_b: "Y" };
const READ = {
  prompt: "Which?",
  responses: ["X", "Y"],
  columns: { prompt: "prompt", response_a: "response", response_b: "response" },
};

const argilla2 = (fields: object, more: object = {}) => ({
  ...{ id: "r1", fields, metadata: { topic: "t" }, suggestions: {}, vectors: {}, status: "completed" },
  responses: { preference: [{ value: "response_a", user_id: "u1", status: "submitted" }] },
  ...more,
});

const ONE_SAID = { responses: { preference: [{ value: "zwei", user_id: "u1", status: "submitted" }] } };

const ANNOTATION = {
  ...{ id: 11, completed_by: 1, was_cancelled: false, ground_truth: false, lead_time: 9.1 },
  result: [
    {
      id: "x",
      from_name: "comparison",
      to_name: "prompt",
      type: "pairwise",
      value: { selected: "left" },
    },
  ],
};
const LABEL_STUDIO = { id: 3, data: DATA, annotations: [ANNOTATION], predictions: [], meta: {} };

const PRODIGY = {
  ...{ text: "Which?", _input_hash: 1, _task_hash: 2, _view_id: "choice", answer: "accept" },
  ...{ accept: ["b"], _annotator_id: "ada", _session_id: "s-ada", _timestamp: 1_760_000_000 },
  options: [
    { id: "a", text: "X" },
    { id: "b", text: "Y" },
  ],
};

export const LABELLING_TOOLS: readonly Shape[] = [
  {
    name: "Argilla 2, records.to_json",
    file: "argilla2.json",
    text: JSON.stringify([argilla2(DATA)]),
    reads: { ...READ, votes: 1 },
  },
  {
    name: "Argilla 2, a chat field",
    file: "argilla-chat.json",
    text: JSON.stringify([argilla2({ chat: [user("Hi")], response_a: "X", response_b: "Y" })]),
    reads: {
      ...{ prompt: [user("Hi")], responses: ["X", "Y"], votes: 1 },
      columns: { chat: "prompt", response_a: "response", response_b: "response" },
    },
  },
  {
    name: "Argilla 2, flattened rows",
    file: "argilla-flat.jsonl",
    text: lines({
      ...{ id: "r1", status: "completed", _server_id: "s", ...DATA },
      "preference.responses": ["response_a"],
      "preference.responses.users": ["u1"],
      "preference.responses.status": ["submitted"],
    }),
    reads: { ...READ, votes: 1 },
  },
  {
    name: "Argilla 1, FeedbackDataset",
    file: "argilla1.json",
    text: JSON.stringify([
      {
        fields: { instruction: "Which?", "generation-1": "X", "generation-2": "Y" },
        metadata: {},
        responses: [{ user_id: "u1", status: "submitted", values: { best: { value: "generation-2" } } }],
        suggestions: [],
        external_id: "7",
      },
    ]),
    reads: {
      ...{ prompt: "Which?", responses: ["X", "Y"], votes: 1 },
      columns: { instruction: "prompt", "generation-1": "response", "generation-2": "response" },
    },
  },
  {
    name: "Argilla 1, a dataset on a hub",
    file: "argilla-hub.jsonl",
    text: lines({
      ...{ prompt: "Which?", response_1: "X", response_2: "Y", external_id: null, metadata: "{}" },
      choice: [{ user_id: "u1", value: "response_2", status: "submitted" }],
      ...{
        "choice-suggestion": null,
        "choice-suggestion-metadata": { type: null, score: null, agent: null },
      },
    }),
    reads: {
      ...{ prompt: "Which?", responses: ["X", "Y"], votes: 1 },
      columns: { prompt: "prompt", response_1: "response", response_2: "response" },
    },
  },
  {
    name: "Argilla 2, fields with names of their own",
    file: "argilla-own.json",
    text: JSON.stringify([argilla2({ Aufgabe: "Which?", eins: "X", zwei: "Y" }, ONE_SAID)]),
    asks: {
      about: "prompt",
      columns: ["Aufgabe", "eins", "zwei"],
      answer: { Aufgabe: "prompt", eins: "response", zwei: "response" },
    },
    reads: {
      ...{ prompt: "Which?", responses: ["X", "Y"], votes: 1 },
      columns: { Aufgabe: "prompt", eins: "response", zwei: "response" },
    },
  },
  {
    name: "Label Studio, JSON",
    file: "project-3.json",
    text: JSON.stringify([LABEL_STUDIO]),
    reads: { ...READ, votes: 1 },
  },
  {
    name: "Label Studio, JSON_MIN",
    file: "project-3-min.json",
    text: JSON.stringify([
      {
        ...{ ...DATA, id: 3, comparison: { selected: "left", type: "pairwise" }, annotator: 1 },
        ...{ annotation_id: 11, created_at: "2026-01-02T03:04:05.6Z", updated_at: "2026-01-02T03:04:05.6Z" },
        lead_time: 9.1,
      },
    ]),
    reads: { ...READ, votes: 1 },
  },
  {
    name: "Label Studio, CSV",
    file: "project-3.csv",
    text: "annotation_id,annotator,created_at,id,lead_time,prompt,answer1,answer2,better,updated_at\n11,1,2026-01-02T03:04:05.6Z,3,9.1,Which?,X,Y,Answer 2,2026-01-02T03:04:05.6Z\n",
    reads: {
      ...{ prompt: "Which?", responses: ["X", "Y"], votes: 1 },
      columns: { prompt: "prompt", answer1: "response", answer2: "response" },
    },
  },
  {
    name: "Label Studio, tasks to load",
    file: "tasks.json",
    text: JSON.stringify([{ data: { ...DATA, topic: "t" } }]),
    reads: { ...READ, columns: { ...READ.columns, topic: "metadata" } },
  },
  {
    name: "Label Studio, a Ranker's items",
    file: "ranker.json",
    kind: "ranking",
    text: JSON.stringify([
      {
        id: 1,
        data: {
          prompt: "Which?",
          items: [
            { id: "m1", title: "One", body: "X" },
            { id: "m2", title: "Two", body: "Y" },
          ],
        },
        annotations: [],
      },
    ]),
    reads: {
      ...{ prompt: "Which?", responses: ["One\nX", "Two\nY"] },
      columns: { prompt: "prompt", items: "response" },
    },
  },
  {
    name: "Prodigy, db-out of the choice interface",
    file: "prodigy.jsonl",
    text: lines(PRODIGY, {
      ...{ ...PRODIGY, text: "And?", _task_hash: 3, accept: ["a"] },
      options: [
        { id: "a", text: "V" },
        { id: "b", text: "W" },
      ],
    }),
    reads: {
      ...{ prompt: "Which?", responses: ["X", "Y"], votes: 2 },
      columns: { text: "prompt", options: "response" },
    },
  },
  {
    name: "Prodigy, tasks to load, whose options may be answers or labels",
    file: "stream.jsonl",
    text: lines({
      text: "Which?",
      options: [
        { id: "a", text: "X" },
        { id: "b", text: "Y" },
      ],
      meta: { source: "s" },
    }),
    asks: { about: "responses", columns: ["options"], answer: { text: "prompt", options: "response" } },
    reads: {
      ...{ prompt: "Which?", responses: ["X", "Y"] },
      columns: { text: "prompt", options: "response", meta: "metadata" },
    },
  },
  {
    name: "Prodigy, an A/B comparison",
    file: "compare.jsonl",
    text: lines({
      ...{ id: 1, input: { text: "Which?" }, accept: { text: "X" }, reject: { text: "Y" } },
      ...{ mapping: { A: "accept", B: "reject" }, _input_hash: 1, _task_hash: 2, answer: "accept" },
    }),
    refuses: /A\/B comparison/,
  },
  {
    name: "Mechanical Turk, batch results",
    file: "Batch_results.csv",
    text: "HITId,WorkerId,AssignmentId,AssignmentStatus,SubmitTime,WorkTimeInSeconds,Input.prompt,Input.response_a,Input.response_b,Answer.better\n3ABC,W1,A1,Approved,Mon Jan 05 10:00:00 PST 2026,12,Which?,X,Y,response_a\n",
    reads: { ...{ prompt: "Which?", responses: ["X", "Y"], votes: 1 }, columns: READ.columns },
  },
  {
    name: "a conversation with a bot, as chat platforms save it",
    file: "bot.jsonl",
    kind: "safety",
    text: lines({ exchange: [user("Hi"), assistant("X")], locale: "en" }),
    asks: { about: "prompt", columns: ["exchange"], answer: { exchange: "conversation" } },
    reads: {
      prompt: [user("Hi")],
      responses: ["X"],
      columns: { exchange: "conversation", locale: "metadata" },
    },
  },
];
