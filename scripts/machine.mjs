// The machine of a report, in words. Virtual machines often hide the processor's name, but not its family and
// instructions.
import { readFileSync } from "node:fs";
import os from "node:os";

/** Such as "2 cores of AMD EPYC, family 25 model 1 (avx2), Node 20.20.2". */
export function machine() {
  const cores = os.cpus();
  return `${cores.length} cores of ${cores[0].model.trim()}${kind()}, Node ${process.versions.node}`;
}

function kind() {
  let text;
  try {
    text = readFileSync("/proc/cpuinfo", "utf8");
  } catch {
    return "";
  }
  const of = (name) => new RegExp(`^${name}\\s*:\\s*(.*)$`, "m").exec(text)?.[1].trim();
  const [family, model, flags] = [of("cpu family"), of("model"), of("flags")];
  if (family === undefined || flags === undefined) return "";
  const known = ["avx2", "avx512f", "avx512_vnni", "avx_vnni"].filter((name) => flags.split(" ").includes(name));
  return `, family ${family} model ${model} (${known.join(", ")})`;
}
