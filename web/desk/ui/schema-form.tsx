/** Fields of a form, made from a JSON Schema; their values have the form that the API takes. */

import type { FieldSchema } from "virtual:schemas";
import { useId } from "preact/hooks";
import { useDesk } from "../strings/index.js";
import { Select } from "./select.js";

export type Values = Record<string, unknown>;

/** The schema's defaults. */
export function defaultsOf(schema: FieldSchema): Values {
  return Object.fromEntries(
    Object.entries(schema.properties ?? {}).flatMap(([name, field]) =>
      field.default === undefined ? [] : [[name, field.default]],
    ),
  );
}

export function SchemaForm(props: {
  schema: FieldSchema;
  values: Values;
  change(values: Values): void;
  /** Fields that are left out. */
  without?: readonly string[];
}) {
  const { schema, values, change, without = [] } = props;
  return (
    <div class="fields">
      {Object.entries(schema.properties ?? {})
        .filter(([name]) => !without.includes(name))
        .map(([name, field]) => (
          <SchemaField
            key={name}
            name={name}
            field={field}
            required={schema.required?.includes(name) ?? false}
            value={values[name]}
            change={(value) => {
              const { [name]: _old, ...rest } = values;
              change(value === undefined ? rest : { ...rest, [name]: value });
            }}
          />
        ))}
    </div>
  );
}

interface FieldProps {
  name: string;
  field: FieldSchema;
  required: boolean;
  value: unknown;
  change(value: unknown): void;
}

function SchemaField({ name, field, required, value, change }: FieldProps) {
  const { fields } = useDesk();
  const label = fields.names[name] ?? name;
  const hint = fields.hints[name] ?? field.description;
  const id = useId();
  if (field.enum !== undefined) {
    const names = Object.fromEntries(field.enum.map((option) => [option, fields.options[option] ?? option]));
    return (
      <Select
        label={label}
        hint={hint}
        options={field.enum}
        names={names}
        value={String(value ?? field.default)}
        change={change}
      />
    );
  }
  if (field.type === "boolean" || field.type === "object")
    return (
      <div class="field field-wide">
        <label class="check">
          <input
            type="checkbox"
            checked={field.type === "object" ? value !== undefined : Boolean(value ?? field.default)}
            onChange={({ currentTarget: { checked } }) =>
              change(field.type === "boolean" ? checked : checked ? startOf(field) : undefined)
            }
          />
          <span>{label}</span>
        </label>
        {hint && <p class="field-hint">{hint}</p>}
        {field.type === "object" && value !== undefined && (
          <SchemaForm schema={field} values={value as Values} change={change} />
        )}
      </div>
    );
  const list = field.type === "array";
  const whole = field.type === "integer";
  const kept = value === undefined ? "" : list ? (value as string[]).join(", ") : String(value);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        {...(list || field.type === "string" ? { type: "text" } : { type: "number" })}
        id={id}
        value={kept}
        {...(!list && { step: whole ? 1 : "any", min: least(field), max: most(field) })}
        placeholder={!required && field.default === undefined ? fields.unset : undefined}
        required={required || field.default !== undefined}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onChange={({ currentTarget: { value: given } }) => {
          if (list)
            change(
              given
                .split(",")
                .map((part) => part.trim())
                .filter((part) => part !== ""),
            );
          else change(given === "" ? undefined : Number(given));
        }}
      />
      {hint && (
        <p id={`${id}-hint`} class="field-hint">
          {hint}
        </p>
      )}
    </div>
  );
}

const least = ({ minimum, exclusiveMinimum }: FieldSchema) => minimum ?? exclusiveMinimum;
const most = ({ maximum, exclusiveMaximum }: FieldSchema) => maximum ?? exclusiveMaximum;

/** Values for an optional group that was switched on: its defaults, and high values for other required fields. */
function startOf(field: FieldSchema): Values {
  const needed = Object.entries(field.properties ?? {}).filter(
    ([name, { default: given }]) => given === undefined && field.required?.includes(name),
  );
  const middles = needed.map(([name, inner]) => [name, 0.1 * (least(inner) ?? 0) + 0.9 * (most(inner) ?? 1)]);
  return { ...Object.fromEntries(middles), ...defaultsOf(field) };
}
