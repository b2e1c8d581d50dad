"""Writes a GGUF file anew with its matrices in Q8_0, for llama.cpp: what Q8_0 costs in time is then measured, whatever
the quality of the file it came from.

  python make_q8_gguf.py IN.gguf OUT.gguf
"""

import sys

import gguf

source = gguf.GGUFReader(sys.argv[1])
field = lambda name: source.fields[name].contents()
writer = gguf.GGUFWriter(sys.argv[2], field("general.architecture"))
Q8 = gguf.GGMLQuantizationType.Q8_0

for name, entry in source.fields.items():
    if name.startswith("GGUF.") or name in ("general.architecture", "general.file_type"):
        continue
    kind, *inner = entry.types
    writer.add_key_value(name, entry.contents(), kind, inner[0] if inner else None)
writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
for tensor in source.tensors:
    data = gguf.dequantize(tensor.data, tensor.tensor_type)
    if data.ndim < 2:
        writer.add_tensor(tensor.name, data.astype("float32"))
    else:
        writer.add_tensor(tensor.name, gguf.quantize(data, Q8), raw_dtype=Q8)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
