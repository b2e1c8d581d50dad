/** Dataset files in any format that people publish, as rows of one form: JSONL, JSON, CSV, TSV, Parquet; also gzipped. */
import { loadPreferences } from "plumbline/data";

const file = process.argv[2] ?? "examples/data/preferences.jsonl";
const rows = await loadPreferences(file);
for (const { prompt, chosen, rejected, where } of rows)
  console.log(`${where.unit} ${where.number}:`, prompt, "->", chosen, "rather than", rejected);
