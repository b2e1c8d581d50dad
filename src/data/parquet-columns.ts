import type { SchemaElement } from "hyparquet";

/**
 * Parquet's schema for a column with the given values: text, numbers, booleans, lists of text, and lists of objects
 * whose fields are text (messages), as other tools read them; anything else becomes JSON.
 *
 * @param values null where a row has none.
 */
export function columnSchema(name: string, values: readonly unknown[]): SchemaElement[] {
  const given = values.filter((value) => value !== null);
  const kinds = new Set(given.map((value) => typeof value));
  const repetition_type = given.length < values.length ? "OPTIONAL" : "REQUIRED";
  if (kinds.size === 1) {
    if (kinds.has("string")) return [{ ...text(name), repetition_type }];
    if (kinds.has("number")) return [{ name, repetition_type, type: "DOUBLE" }];
    if (kinds.has("boolean")) return [{ name, repetition_type, type: "BOOLEAN" }];
    const element = elementSchema(given);
    if (element !== undefined)
      return [
        { name, repetition_type, converted_type: "LIST", num_children: 1 },
        { name: "list", repetition_type: "REPEATED", num_children: 1 },
        ...element,
      ];
  }
  return [{ name, repetition_type, type: "BYTE_ARRAY", converted_type: "JSON" }];
}

const text = (name: string): SchemaElement => ({
  name,
  type: "BYTE_ARRAY",
  converted_type: "UTF8",
  repetition_type: "OPTIONAL",
});

/** Schema of the elements of lists that all have one form, otherwise undefined. */
function elementSchema(values: readonly unknown[]): SchemaElement[] | undefined {
  if (!values.every(Array.isArray)) return undefined;
  const elements: unknown[] = values.flat();
  if (elements.length === 0) return undefined;
  if (elements.every((element) => typeof element === "string")) return [text("element")];
  const fields = fieldsOf(elements[0]);
  if (fields === undefined || fields.length === 0) return undefined;
  const form = fields.join("\n");
  if (!elements.every((element) => fieldsOf(element)?.join("\n") === form)) return undefined;
  return [
    { name: "element", repetition_type: "OPTIONAL", num_children: fields.length },
    ...fields.map((field) => text(field)),
  ];
}

/** Sorted names of an object's fields if all of them hold text. */
function fieldsOf(value: unknown): string[] | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return Object.values(value).every((field) => typeof field === "string")
    ? Object.keys(value).sort()
    : undefined;
}
