/** Datasets as they are published and as trainers read them: LMSYS, TRL, OpenAI, UltraFeedback and others. */
import { assistant, lines, type Shape, system, user } from "./shape.js";

const ARENA = { question_id: "q1", model_a: "gpt-4", model_b: "llama", winner: "model_a" };
const CONVERSATIONS = {
  conversation_a: [user("Hi"), assistant("X")],
  conversation_b: [user("Hi"), assistant("Y")],
};
const parts = (text: string) => [{ type: "text", text }];

export const ARENAS: readonly Shape[] = [
  {
    name: "LMSYS, chatbot_arena_conversations",
    file: "arena.jsonl",
    text: lines({
      ...ARENA,
      judge: "arena_user_1",
      ...CONVERSATIONS,
      ...{
        turn: 1,
        anony: true,
        language: "English",
        tstamp: 1.68e9,
        openai_moderation: {},
        toxic_chat_tag: {},
      },
    }),
    reads: {
      ...{ prompt: [user("Hi")], responses: ["X", "Y"], sources: ["gpt-4", "llama"], votes: 1 },
      columns: {
        ...{ conversation_a: "conversation", conversation_b: "conversation" },
        ...{ model_a: "source", model_b: "source", language: "ignored" },
      },
    },
  },
  {
    name: "LMSYS, arena-human-preference-55k: turns as lists in cells",
    file: "train.csv",
    text: 'id,model_a,model_b,prompt,response_a,response_b,winner_model_a,winner_model_b,winner_tie\n30192,gpt-4,llama,"[""Hi""]","[""X""]","[""Y""]",1,0,0\n65089,gpt-4,llama,"[""Hi"",""More""]","[""X"",""X2""]","[""Y"",""Y2""]",0,1,0\n',
    reads: {
      ...{ items: 2, prompt: [user("Hi")], responses: ["X", "Y"], sources: ["gpt-4", "llama"] },
      columns: {
        ...{ id: "id", prompt: "prompt", response_a: "response", response_b: "response" },
        ...{ model_a: "source", model_b: "source", winner_model_a: "metadata" },
      },
      warns: /"winner_model_a".*may say which response was better/,
    },
  },
  {
    name: "LMSYS, arena-human-preference-140k: contents in parts",
    file: "arena-140k.jsonl",
    text: lines({
      ...{ id: "1", model_a: "gpt-4", model_b: "llama", winner: "model_b", evaluation_session_id: "s" },
      conversation_a: [
        { role: "user", content: parts("Hi") },
        { role: "assistant", content: parts("X") },
      ],
      conversation_b: [
        { role: "user", content: parts("Hi") },
        { role: "assistant", content: parts("Y") },
      ],
      ...{ evaluation_order: 1, conv_metadata: {}, language: "en", is_code: false, timestamp: "2025-01-01" },
    }),
    reads: {
      ...{ prompt: [user("Hi")], responses: ["X", "Y"], sources: ["gpt-4", "llama"] },
      columns: {
        ...{ conversation_a: "conversation", conversation_b: "conversation", model_a: "source" },
        ...{ model_b: "source", winner: "metadata" },
      },
    },
  },
  {
    name: "LMSYS, lmsys-chat-1m",
    file: "chat-1m.jsonl",
    kind: "safety",
    text: lines({
      ...{ conversation_id: "c1", model: "vicuna", conversation: CONVERSATIONS.conversation_a, turn: 1 },
      ...{ language: "English", openai_moderation: [], redacted: false },
    }),
    reads: {
      ...{ prompt: [user("Hi")], responses: ["X"], sources: ["vicuna"] },
      columns: { conversation_id: "id", conversation: "conversation", model: "source" },
    },
  },
  {
    name: "LMSYS, mt_bench_human_judgments",
    file: "mt.jsonl",
    text: lines({ ...ARENA, question_id: 81, judge: "expert_0", turn: 1, ...CONVERSATIONS }),
    reads: {
      ...{ prompt: [user("Hi")], responses: ["X", "Y"], votes: 1 },
      columns: { conversation_a: "conversation", conversation_b: "conversation" },
    },
  },
];

const CHOSEN = { prompt: "prompt", chosen: "response", rejected: "response" };

export const TRAINING_DATA: readonly Shape[] = [
  {
    name: "TRL, preference",
    file: "dpo.jsonl",
    text: lines({ prompt: "p", chosen: "X", rejected: "Y" }),
    reads: { prompt: "p", responses: ["X", "Y"], columns: CHOSEN },
  },
  {
    name: "TRL, preference with the prompt within both sides",
    file: "implicit.jsonl",
    text: lines({
      chosen: [user("Hi"), assistant("X")],
      rejected: [user("Hi"), assistant("Y")],
    }),
    reads: {
      ...{ prompt: [user("Hi")], responses: ["X", "Y"] },
      columns: { chosen: "response", rejected: "response" },
    },
  },
  {
    name: "TRL, conversational preference",
    file: "chat-dpo.jsonl",
    text: lines({ prompt: [user("Hi")], chosen: [assistant("X")], rejected: [assistant("Y")] }),
    reads: { prompt: [user("Hi")], responses: ["X", "Y"], columns: CHOSEN },
  },
  {
    name: "TRL, prompt and completion",
    file: "sft.jsonl",
    kind: "rewrite",
    text: lines({ prompt: "p", completion: "X" }),
    reads: { prompt: "p", responses: ["X"], columns: { prompt: "prompt", completion: "response" } },
  },
  {
    name: "TRL, unpaired preference",
    file: "kto.jsonl",
    kind: "safety",
    text: lines({ prompt: "p", completion: "X", label: true }),
    reads: {
      ...{ prompt: "p", responses: ["X"] },
      columns: { prompt: "prompt", completion: "response", label: "metadata" },
    },
  },
  {
    name: "TRL, unpaired preference: an answer that was judged bad",
    file: "kto-bad.jsonl",
    kind: "safety",
    text: lines({ prompt: "p", completion: "X", label: false }),
    reads: {
      ...{ prompt: "p", responses: ["X"] },
      columns: { prompt: "prompt", completion: "response", label: "metadata" },
    },
  },
  {
    name: "TRL, stepwise supervision, whose completions are steps",
    file: "prm.jsonl",
    text: lines({ prompt: "p", completions: ["step 1", "step 2"], labels: [true, false] }),
    refuses: /step/,
  },
  {
    name: "Anthropic, hh-rlhf",
    file: "hh.jsonl",
    text: lines({ chosen: "\n\nHuman: Hi\n\nAssistant: X", rejected: "\n\nHuman: Hi\n\nAssistant: Y" }),
    reads: {
      ...{ prompt: [user("Hi")], responses: ["X", "Y"] },
      columns: { chosen: "response", rejected: "response" },
    },
  },
  {
    name: "OpenAI, chats for fine-tuning",
    file: "chats.jsonl",
    kind: "rewrite",
    text: lines({ messages: [system("Be kind."), user("Hi"), assistant("X")] }),
    reads: {
      ...{ prompt: [system("Be kind."), user("Hi")], responses: ["X"] },
      columns: { messages: "conversation" },
    },
  },
  {
    name: "OpenAI, preferences for fine-tuning",
    file: "openai-dpo.jsonl",
    text: lines({
      input: { messages: [user("Hi")], tools: [], parallel_tool_calls: true },
      preferred_output: [assistant("X")],
      non_preferred_output: [assistant("Y")],
    }),
    reads: {
      ...{ prompt: [user("Hi")], responses: ["X", "Y"] },
      columns: { input: "prompt", preferred_output: "response", non_preferred_output: "response" },
    },
  },
  {
    name: "OpenAI, samples of evals",
    file: "evals.jsonl",
    kind: "rewrite",
    text: lines({ input: [system("Be brief."), user("2+2?")], ideal: "4" }),
    asks: { about: "responses", columns: ["ideal"], answer: { input: "prompt", ideal: "response" } },
    reads: {
      ...{ prompt: [system("Be brief."), user("2+2?")], responses: ["4"] },
      columns: { input: "prompt", ideal: "response" },
    },
  },
  {
    name: "OpenAI, samples of evals as tasks to write",
    file: "evals.jsonl",
    kind: "demonstration",
    text: lines({ input: [system("Be brief."), user("2+2?")], ideal: "4" }),
    reads: {
      ...{ prompt: [system("Be brief."), user("2+2?")], responses: [] },
      columns: { input: "prompt", ideal: "metadata" },
    },
  },
  {
    name: "OpenAI, answers of a batch",
    file: "batch_output.jsonl",
    kind: "safety",
    text: lines({
      ...{ id: "batch_req_1", custom_id: "r1", error: null },
      response: { status_code: 200, body: { choices: [{ message: assistant("X") }] } },
    }),
    refuses: /no column holds a prompt|custom_id/,
  },
  {
    name: "UltraFeedback, as published",
    file: "ultrafeedback.jsonl",
    kind: "ranking",
    text: lines({
      ...{ source: "evol", instruction: "p", models: ["m", "n"], correct_answers: ["None"] },
      completions: [
        { model: "m", principle: "helpfulness", custom_system_prompt: "s", response: "X", overall_score: 8 },
        { model: "n", principle: "honesty", custom_system_prompt: "s", response: "Y", overall_score: 5 },
      ],
      incorrect_answers: ["None"],
    }),
    reads: {
      ...{ prompt: "p", responses: ["X", "Y"], sources: ["m", "n"] },
      columns: { instruction: "prompt", completions: "response", models: "metadata" },
    },
  },
  {
    name: "UltraFeedback, binarized",
    file: "binarized.jsonl",
    text: lines({
      ...{ prompt: "Hi", prompt_id: "a1", score_chosen: 8.5, score_rejected: 3 },
      chosen: [user("Hi"), assistant("X")],
      rejected: [user("Hi"), assistant("Y")],
      messages: [user("Hi"), assistant("X")],
    }),
    reads: {
      ...{ prompt: [user("Hi")], responses: ["X", "Y"] },
      columns: { ...CHOSEN, prompt_id: "id", score_chosen: "metadata", messages: "metadata" },
    },
  },
  {
    name: "UltraFeedback, cleaned by Argilla: models beside the sides",
    file: "cleaned.jsonl",
    text: lines({
      ...{ source: "evol", prompt: "Hi", "chosen-rating": 5, "chosen-model": "m", "rejected-rating": 2 },
      chosen: [user("Hi"), assistant("X")],
      rejected: [user("Hi"), assistant("Y")],
      "rejected-model": "n",
    }),
    reads: {
      ...{ prompt: [user("Hi")], responses: ["X", "Y"], sources: ["m", "n"] },
      columns: {
        ...CHOSEN,
        ...{ "chosen-model": "source", "rejected-model": "source", "chosen-rating": "metadata" },
      },
    },
  },
  {
    name: "distilabel, generations of several models",
    file: "distilabel.jsonl",
    text: lines({
      ...{ instruction: "p", generations: ["X", "Y"], generation_models: ["m", "n"], ratings: [5, 2] },
    }),
    reads: {
      ...{ prompt: "p", responses: ["X", "Y"] },
      columns: { instruction: "prompt", generations: "response", ratings: "metadata" },
    },
  },
  {
    name: "Orca's pairs, with a system text and a question",
    file: "orca.jsonl",
    text: lines({ system: "Be brief.", question: "Hi", chosen: "X", rejected: "Y" }),
    reads: {
      ...{ prompt: [system("Be brief."), user("Hi")], responses: ["X", "Y"] },
      columns: { system: "system", question: "prompt", chosen: "response", rejected: "response" },
    },
  },
  {
    name: "Alpaca",
    file: "alpaca.json",
    kind: "rewrite",
    text: JSON.stringify([{ instruction: "Translate:", input: "Hallo", output: "Hello" }]),
    reads: {
      ...{ prompt: [user("Translate:\n\nHallo")], responses: ["Hello"] },
      columns: { instruction: "prompt", input: "prompt", output: "response" },
    },
  },
  {
    name: "ShareGPT",
    file: "sharegpt.json",
    kind: "rewrite",
    text: JSON.stringify([
      {
        id: "x",
        conversations: [
          { from: "human", value: "Hi" },
          { from: "gpt", value: "X" },
        ],
      },
    ]),
    reads: {
      ...{ prompt: [user("Hi")], responses: ["X"] },
      columns: { id: "id", conversations: "conversation" },
    },
  },
  {
    name: "Nvidia, HelpSteer3",
    file: "helpsteer3.jsonl",
    text: lines({
      ...{ domain: "code", language: "python", context: [user("Hi")], response1: "X", response2: "Y" },
      ...{ overall_preference: -2, individual_preference: [] },
    }),
    reads: {
      ...{ prompt: [user("Hi")], responses: ["X", "Y"] },
      columns: { context: "prompt", response1: "response", response2: "response", domain: "metadata" },
    },
  },
  {
    name: "Stanford, SHP",
    file: "shp.jsonl",
    text: lines({ history: "p", human_ref_A: "X", human_ref_B: "Y", labels: 1, score_A: 5, score_B: 2 }),
    reads: {
      ...{ prompt: "p", responses: ["X", "Y"] },
      columns: { history: "prompt", human_ref_A: "response", human_ref_B: "response", labels: "metadata" },
    },
  },
  {
    name: "PKU, SafeRLHF",
    file: "pku.jsonl",
    text: lines({
      ...{ prompt: "p", response_0: "X", response_1: "Y", response_0_source: "m", response_1_source: "n" },
      ...{ better_response_id: 1, safer_response_id: 0 },
    }),
    reads: {
      ...{ prompt: "p", responses: ["X", "Y"], sources: ["m", "n"] },
      columns: {
        ...{ prompt: "prompt", response_0: "response", response_1: "response" },
        ...{ response_0_source: "source", response_1_source: "source", better_response_id: "metadata" },
      },
      warns: /"better_response_id"/,
    },
  },
  {
    name: "Berkeley, Nectar",
    file: "nectar.jsonl",
    kind: "ranking",
    text: lines({
      prompt: "\n\nHuman: Hi\n\nAssistant: ",
      answers: [
        { answer: "X", model: "m", rank: 1 },
        { answer: "Y", model: "n", rank: 2 },
      ],
      turns: 1,
    }),
    reads: {
      ...{ prompt: [user("Hi")], responses: ["X", "Y"], sources: ["m", "n"] },
      columns: { prompt: "prompt", answers: "response" },
    },
  },
  {
    name: "OpenAssistant, trees of messages",
    file: "oasst.jsonl",
    text: lines({ message_tree_id: "t", tree_state: "ready", prompt: { text: "Hi", replies: [] } }),
    refuses: /prompt/,
  },
];
