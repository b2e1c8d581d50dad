import { fileURLToPath } from "node:url";
import type { WorkKind } from "./protocol.js";

/** A program that does the same work. */
export interface Peer {
  id: string;
  label: string;
  works: readonly WorkKind[];
  /** Batch sizes that it decodes; default: all. */
  batches?: readonly number[];
  /** Whether its cache can have more room than is filled. */
  capacities?: true;
  /** Whether it can run a model that was cut to a few layers. */
  cuts: boolean;
  /** The command that runs it; its settings are appended. */
  command(tools: Tools): string[];
}

export interface Tools {
  python: string;
  /** bench/peers of the repository. */
  folder: string;
}

const OURS = fileURLToPath(new URL("ours.js", import.meta.url));
const ours = (): string[] => [process.execPath, OURS];
const python =
  (script: string) =>
  ({ python: executable, folder }: Tools): string[] => [executable, `${folder}/${script}`];

/** Peers in the order in which they take turns; ratios are relative to the first. */
export const PEERS: readonly Peer[] = [
  {
    id: "ours-f32",
    label: "Plumbline f32",
    works: ["lora", "decode", "ppo"],
    capacities: true,
    cuts: true,
    command: ours,
  },
  {
    id: "ours-int8",
    label: "Plumbline int8 base",
    works: ["lora", "decode", "ppo"],
    capacities: true,
    cuts: true,
    command: ours,
  },
  {
    id: "torch-f32",
    label: "PyTorch f32, plain loop",
    works: ["lora"],
    cuts: true,
    command: python("torch_lora.py"),
  },
  {
    id: "torch-bf16",
    label: "PyTorch bf16 weights, plain loop",
    works: ["lora"],
    cuts: true,
    command: python("torch_lora.py"),
  },
  {
    id: "torch-autocast",
    label: "PyTorch bf16 autocast, plain loop",
    works: ["lora"],
    cuts: true,
    command: python("torch_lora.py"),
  },
  {
    id: "trl-bf16",
    label: "TRL SFTTrainer bf16, packed",
    works: ["lora"],
    cuts: true,
    command: python("trl_lora.py"),
  },
  {
    id: "hf-f32",
    label: "transformers generate f32",
    works: ["decode"],
    cuts: true,
    command: python("hf_decode.py"),
  },
  {
    id: "hf-bf16",
    label: "transformers generate bf16",
    works: ["decode"],
    cuts: true,
    command: python("hf_decode.py"),
  },
  {
    id: "llama-q8",
    label: "node-llama-cpp Q8_0",
    works: ["decode"],
    batches: [1],
    cuts: false,
    command: ({ folder }) => [process.execPath, `${folder}/llama_decode.mjs`],
  },
  {
    id: "torch-ppo-bf16",
    label: "PyTorch, transformers and peft bf16",
    works: ["ppo"],
    cuts: true,
    command: python("torch_ppo.py"),
  },
];
