declare module "virtual:schemas" {
  /** A field as JSON Schema has it, of the kinds that our forms know. */
  export interface FieldSchema {
    type?: "string" | "integer" | "number" | "boolean" | "array" | "object";
    enum?: string[];
    default?: unknown;
    description?: string;
    minimum?: number;
    maximum?: number;
    exclusiveMinimum?: number;
    exclusiveMaximum?: number;
    properties?: Record<string, FieldSchema>;
    required?: string[];
  }
  /** TaskDefinition and AssignmentSettings. */
  const schemas: { task: FieldSchema; settings: FieldSchema };
  export default schemas;
}
