"""What the Python peers share: the line protocol of protocol.ts, the model out of its GGUF file, and LoRA."""

import json
import os
import sys
import time

SETTINGS = json.loads(sys.argv[1])
# Libraries print to stdout; the protocol keeps it for itself.
_replies = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)


def say(**reply):
    _replies.write(json.dumps(reply) + "\n")


def skip(why):
    say(skip=str(why))
    sys.exit(0)


def requests():
    """Requests, one for each line, until the other side closes."""
    for line in sys.stdin:
        yield json.loads(line)


try:
    import torch
    import transformers
    from peft import LoraConfig, get_peft_model
except ImportError as error:
    skip(error)

torch.set_num_threads(SETTINGS["threads"])
torch.manual_seed(0)
transformers.logging.set_verbosity_error()

TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def load(dtype):
    """The model with its head, cut to the layers asked for, and its tokenizer."""
    folder, file = os.path.split(os.path.abspath(SETTINGS["model"]))
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, gguf_file=file, dtype=dtype)
    if SETTINGS["layers"] is not None:
        model.model.layers = model.model.layers[: SETTINGS["layers"]]
        model.config.num_hidden_layers = SETTINGS["layers"]
    # The weights are plain numbers by now, but trainers refuse a model that calls itself quantised.
    model.is_quantized = False
    return model.eval()


def tokenizer():
    folder, file = os.path.split(os.path.abspath(SETTINGS["model"]))
    return transformers.AutoTokenizer.from_pretrained(folder, gguf_file=file)


def lora_config():
    return LoraConfig(r=16, lora_alpha=32, lora_dropout=0.0, task_type="CAUSAL_LM", target_modules=TARGETS)


def with_lora(model, adapters_f32):
    return get_peft_model(model, lora_config(), autocast_adapter_dtype=adapters_f32)


def some_ids(rows, columns):
    return torch.randint(3, 49152, (rows, columns))


def serve(work):
    """Answers each request with the milliseconds that `work` takes, or with what it measured itself."""
    say(ready=f"torch {torch.__version__}, transformers {transformers.__version__}")
    for request in requests():
        start = time.perf_counter()
        result = work(request)
        milliseconds = 1000 * (time.perf_counter() - start)
        say(**(result or {"milliseconds": milliseconds}))
