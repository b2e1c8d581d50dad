"""What the fixture makers share: rounding, checksums of tensors, JSON with one array to a line."""

import json

import torch


def probe(count: int) -> torch.Tensor:
    """The fixed vector weights and gradients are projected on: probe_i = sin(0.7 i + 1), i row-major, f64."""
    return torch.sin(torch.arange(count, dtype=torch.float64) * 0.7 + 1)


def short(x, digits=7):
    """Numbers of a tensor or nested list with so many significant digits; whole numbers and booleans untouched."""
    if isinstance(x, torch.Tensor):
        return short(x.detach().tolist(), digits)
    if isinstance(x, (list, tuple)):
        return [short(y, digits) for y in x]
    if isinstance(x, dict):
        return {k: short(v, digits) for k, v in x.items()}
    return float(f"{x:.{digits}g}") + 0.0 if isinstance(x, float) else x


def checksum(x: torch.Tensor, *, full: bool = False, digits=7):
    flat = x.detach().double().reshape(-1)
    out = {
        "shape": list(x.shape),
        "norm": short(flat.norm().item(), digits),
        "probe": short((flat * probe(flat.numel())).sum().item(), digits),
    }
    if full:
        out["values"] = short(x.detach().reshape(-1).tolist(), digits)
    return out


def checksums(named, full=lambda name: False, digits=7):
    return {name: checksum(x, full=full(name), digits=digits) for name, x in named}


def _lines(x, indent):
    flat = not isinstance(x, (dict, list)) or (
        isinstance(x, list) and not any(isinstance(y, (dict, list)) for y in x)
    )
    if flat or (isinstance(x, dict) and not any(isinstance(y, dict) for y in x.values()) and len(json.dumps(x)) < 100):
        return json.dumps(x, separators=(",", ":"))
    inner = " " * (indent + 1)
    if isinstance(x, list):
        return "[\n" + ",\n".join(inner + _lines(y, indent + 1) for y in x) + "\n" + " " * indent + "]"
    pairs = (f"{inner}{json.dumps(k)}: {_lines(v, indent + 1)}" for k, v in x.items())
    return "{\n" + ",\n".join(pairs) + "\n" + " " * indent + "}"


def write(path: str, content) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(_lines(content, 0) + "\n")
