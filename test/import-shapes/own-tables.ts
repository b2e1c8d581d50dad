/** Tables that people write themselves: spreadsheets, data frames, lists of prompts. */
import { assistant, lines, type Shape, system, user } from "./shape.js";

const PAIR = { prompt: "Why is the sky blue?", responses: ["Scattering.", "It is paint."] };

export const OWN_TABLES: readonly Shape[] = [
  {
    name: "the form that the handbook recommends",
    file: "pairs.csv",
    text: "prompt,response_a,response_b\nWhy is the sky blue?,Scattering.,It is paint.\nHow?,So,Thus\n",
    reads: {
      ...PAIR,
      items: 2,
      columns: { prompt: "prompt", response_a: "response", response_b: "response" },
    },
  },
  {
    name: "models, a right answer and a number beside the answers",
    file: "gold.csv",
    text: "id,prompt,answer_1,answer_2,model_1,model_2,gold,topic\n7,Why is the sky blue?,Scattering.,It is paint.,gpt-4,claude,answer_1,physics\n",
    reads: {
      ...PAIR,
      sources: ["gpt-4", "claude"],
      gold: "left",
      columns: {
        ...{ id: "id", prompt: "prompt", answer_1: "response", answer_2: "response" },
        ...{ model_1: "source", model_2: "source", gold: "gold", topic: "metadata" },
      },
    },
  },
  {
    name: "answers in columns that are called after their models",
    file: "ours.csv",
    text: "prompt,gpt,ours\nWhy is the sky blue?,Scattering.,It is paint.\n",
    asks: { about: "responses", columns: ["gpt", "ours"], answer: { gpt: "response", ours: "response" } },
    reads: { ...PAIR, columns: { prompt: "prompt", gpt: "response", ours: "response" } },
  },
  {
    name: "columns that may be models or what they wrote",
    file: "models.csv",
    text: "prompt,model_a,model_b\nWhy is the sky blue?,Scattering.,It is paint.\n",
    asks: {
      about: "responses",
      columns: ["model_a", "model_b"],
      answer: { model_a: "response", model_b: "response" },
    },
    reads: { ...PAIR, columns: { prompt: "prompt", model_a: "response", model_b: "response" } },
  },
  {
    name: "a spreadsheet saved in German, with capitals and spaces in its headings",
    file: "Excel.csv",
    text: "Question;Answer A;Answer B\r\nWhy is the sky blue?;Scattering.;It is paint.\r\n",
    reads: { ...PAIR, columns: { Question: "prompt", "Answer A": "response", "Answer B": "response" } },
  },
  {
    name: "headings in German",
    file: "deutsch.csv",
    text: "Frage;Antwort A;Antwort B;Bemerkung\nWhy is the sky blue?;Scattering.;It is paint.;gut\n",
    asks: {
      about: "prompt",
      columns: ["Frage", "Antwort A", "Antwort B", "Bemerkung"],
      answer: { Frage: "prompt", "Antwort A": "response", "Antwort B": "response" },
    },
    reads: {
      ...PAIR,
      columns: { Frage: "prompt", "Antwort A": "response", "Antwort B": "response", Bemerkung: "metadata" },
    },
  },
  {
    name: "a data frame with its index as the first column",
    file: "frame.csv",
    text: ",prompt,response_a,response_b\n0,Why is the sky blue?,Scattering.,It is paint.\n",
    reads: {
      ...PAIR,
      columns: { "": "metadata", prompt: "prompt", response_a: "response", response_b: "response" },
    },
  },
  {
    name: "a data frame with lists as Python prints them",
    file: "python.csv",
    text: 'prompt,responses\nWhy is the sky blue?,"[\'Scattering.\', ""It is paint.""]"\n',
    reads: { ...PAIR, columns: { prompt: "prompt", responses: "response" } },
  },
  {
    name: "an instruction and an input beside two outputs",
    file: "inputs.csv",
    text: "instruction,input,output_1,output_2\nTranslate:,Hallo,Hello,Hi\n",
    asks: {
      about: "prompts",
      columns: ["instruction", "input"],
      answer: { instruction: "prompt", input: "prompt" },
    },
    reads: {
      prompt: "Translate:\n\nHallo",
      responses: ["Hello", "Hi"],
      columns: { instruction: "prompt", input: "prompt", output_1: "response", output_2: "response" },
    },
  },
  {
    name: "a third text that may be an answer or the right one",
    file: "reference.jsonl",
    text: lines({ prompt: "p", response_a: "X", response_b: "Y", output: "Z" }),
    asks: {
      about: "mixed",
      columns: ["response_a", "response_b", "output"],
      answer: { response_a: "response", response_b: "response", output: "metadata" },
    },
    reads: {
      prompt: "p",
      responses: ["X", "Y"],
      columns: { prompt: "prompt", response_a: "response", response_b: "response", output: "metadata" },
    },
  },
  {
    name: "answers listed in one field",
    file: "listed.jsonl",
    text: lines({ prompt: PAIR.prompt, responses: PAIR.responses }),
    reads: { ...PAIR, columns: { prompt: "prompt", responses: "response" } },
  },
  {
    name: "answers listed as objects with their models",
    file: "objects.json",
    text: JSON.stringify([
      {
        prompt: "p",
        answers: [
          { text: "X", model: "m" },
          { text: "Y", model: "n" },
        ],
      },
    ]),
    reads: {
      prompt: "p",
      responses: ["X", "Y"],
      sources: ["m", "n"],
      columns: { prompt: "prompt", answers: "response" },
    },
  },
  {
    name: "a system prompt beside the prompt",
    file: "system.csv",
    text: "system_prompt,prompt,response_a,response_b\nBe kind.,Hi,Hello,What?\n",
    reads: {
      prompt: [system("Be kind."), user("Hi")],
      responses: ["Hello", "What?"],
      columns: { system_prompt: "system", prompt: "prompt", response_a: "response", response_b: "response" },
    },
  },
  {
    name: "a conversation as the prompt, and answers that are messages",
    file: "chat.jsonl",
    text: lines({
      messages: [user("Hi"), assistant("Hello"), user("How are you?")],
      response_a: [assistant("Fine.")],
      response_b: { role: "assistant", content: "Bad." },
    }),
    reads: {
      prompt: [user("Hi"), assistant("Hello"), user("How are you?")],
      responses: ["Fine.", "Bad."],
      columns: { messages: "prompt", response_a: "response", response_b: "response" },
    },
  },
  {
    name: "whole conversations, one for each answer",
    file: "whole.jsonl",
    text: lines({
      conversation_a: [user("Hi"), assistant("X")],
      conversation_b: [user("Hi"), assistant("Y")],
    }),
    reads: {
      prompt: [user("Hi")],
      responses: ["X", "Y"],
      columns: { conversation_a: "conversation", conversation_b: "conversation" },
    },
  },
  {
    name: "code in a cell that looks like a list, among others that do not",
    file: "code.csv",
    text: 'prompt,response_a,response_b\n"[""x""]","[""a"", ""b""]",list()\nSort it,"sorted(x)","x.sort()"\nMore,"1","2"\n',
    reads: {
      ...{ items: 3, prompt: '["x"]', responses: ['["a", "b"]', "list()"] },
      columns: { prompt: "prompt", response_a: "response", response_b: "response" },
    },
  },
  {
    name: "prompts alone",
    file: "prompts.csv",
    text: "id,question,category\n1,Why is the sky blue?,physics\n",
    kind: "demonstration",
    reads: {
      prompt: PAIR.prompt,
      responses: [],
      columns: { id: "id", question: "prompt", category: "metadata" },
    },
  },
  {
    name: "prompts alone, where two answers are to be compared",
    file: "prompts.csv",
    text: "id,prompt,category\n1,Why is the sky blue?,physics\n",
    refuses: /too few columns hold answers/,
  },
  {
    name: "one answer, where two are to be compared",
    file: "one.csv",
    text: "prompt,response,model\nWhy is the sky blue?,Scattering.,gpt-4\n",
    refuses: /too few columns hold answers/,
  },
  {
    name: "three answers, where two are to be compared",
    file: "three.csv",
    text: "prompt,response_1,response_2,response_3\nWhy is the sky blue?,Scattering.,It is paint.,Air.\n",
    asks: {
      about: "responses",
      columns: ["response_1", "response_2", "response_3"],
      answer: { response_1: "response", response_2: "response" },
    },
    reads: {
      ...PAIR,
      columns: { prompt: "prompt", response_1: "response", response_2: "response", response_3: "metadata" },
    },
  },
  {
    name: "Plumbline's own items",
    file: "items.jsonl",
    text: lines({
      content: {
        prompt: "p",
        responses: [
          { name: "a", text: "X" },
          { name: "b", text: "Y" },
        ],
      },
      gold: "b",
    }),
    reads: { prompt: "p", responses: ["X", "Y"], gold: "right", columns: {} },
  },
];
