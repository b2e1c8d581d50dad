/**
 * Dataset files in any format that people publish, as rows of one form: JSONL, JSON, CSV, TSV, Parquet; also gzipped.
 */
import { loadPreferences } from "plumbline/data";
import { dataFile } from "./data-file.js";

const file = process.argv[2] ?? dataFile("preferences.jsonl");
const rows = await loadPreferences(file);
for (const { prompt, chosen, rejected, where } of rows)
  console.log(`${where.unit} ${where.number}:`, prompt, "->", chosen, "rather than", rejected);
