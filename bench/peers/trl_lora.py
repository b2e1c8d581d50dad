"""A LoRA training step of TRL's SFTTrainer, bf16, on packed rows. Training goes on as the protocol asks for steps; a
step lasts from one request to the end of the trainer's step, with the fetching of its batch."""

import tempfile
import time

import torch

import peer

try:
    from datasets import Dataset
    from transformers import TrainerCallback
    from trl import SFTConfig, SFTTrainer
except ImportError as error:
    peer.skip(error)

ROWS, LENGTH = peer.SETTINGS["rows"], peer.SETTINGS["length"]
#: More steps than anybody asks for.
ENOUGH = 1_000_000


class OnRequest(TrainerCallback):
    def __init__(self):
        self.requests = peer.requests()

    def wait(self, control):
        control.should_training_stop = next(self.requests, None) is None
        self.start = time.perf_counter()
        return control

    def on_train_begin(self, args, state, control, **_):
        peer.say(ready="TRL")
        return self.wait(control)

    def on_step_end(self, args, state, control, **_):
        peer.say(milliseconds=1000 * (time.perf_counter() - self.start))
        return self.wait(control)


with tempfile.TemporaryDirectory() as folder:
    SFTTrainer(
        model=peer.load(torch.bfloat16),
        args=SFTConfig(
            output_dir=folder, max_steps=ENOUGH, per_device_train_batch_size=ROWS, learning_rate=1e-5,
            max_length=LENGTH, packing=True, packing_strategy="wrapped", bf16=True, use_cpu=True,
            gradient_checkpointing=False, logging_strategy="no", save_strategy="no", report_to="none",
            disable_tqdm=True, dataset_num_proc=None, dataloader_pin_memory=False,
        ),
        train_dataset=Dataset.from_dict({"input_ids": peer.some_ids(8 * ROWS, LENGTH).tolist()}),
        processing_class=peer.tokenizer(),
        peft_config=peer.lora_config(),
        callbacks=[OnRequest()],
    ).train()
